/*
 * Contender "C": what the work costs without an interpreter. Not part of the product.
 *
 * The first line on standard input has the members' ports, every further line is a message that is
 * pushed to each of them: one connection per message and member, one in flight per member, in
 * order, half-close, and the peer's close without a byte confirms; 256 in flight. At the end of
 * its input it does what is left, says "confirmed N failed N" and ends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, WINDOW = 256, DESCRIPTORS = 1024 };

struct lane {
    struct sockaddr_in address;
    size_t next; /* the message it gets next */
    int idle;
};

static struct lane *lanes;
static size_t laneCount;
static struct lane **ready; /* a ring: those with something to get and nothing in flight */
static size_t firstReady, readyCount;

static struct message {
    char *text;
    size_t length;
} *messages;
static size_t messageCount, messageRoom;

/* By descriptor: whose connection it is, and whether the message is out. */
static struct {
    struct lane *lane;
    int sent;
} pushes[DESCRIPTORS];

static int epoll, inFlight, inputOpen = 1;
static long confirmed, failed;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void watch(int operation, int descriptor, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = descriptor};
    if (epoll_ctl(epoll, operation, descriptor, &event) < 0) fail("epoll_ctl");
}

static void makeReady(struct lane *lane) {
    lane->idle = lane->next == messageCount;
    if (!lane->idle) ready[(firstReady + readyCount++) % laneCount] = lane;
}

static void ended(struct lane *lane, int good) {
    if (good)
        confirmed++;
    else
        failed++;
    inFlight--;
    lane->next++;
    makeReady(lane);
}

static int deliver(int descriptor, struct lane *lane) {
    struct message *message = &messages[lane->next];
    pushes[descriptor].sent = 1;
    return send(descriptor, message->text, message->length, MSG_NOSIGNAL) ==
               (ssize_t)message->length &&
           shutdown(descriptor, SHUT_WR) == 0;
}

static void begin(struct lane *lane) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int connected, good;
    if (descriptor < 0) fail("socket");
    inFlight++;
    pushes[descriptor].lane = lane;
    pushes[descriptor].sent = 0;
    connected = connect(descriptor, (struct sockaddr *)&lane->address, sizeof lane->address) == 0;
    good = connected ? deliver(descriptor, lane) : errno == EINPROGRESS;
    if (good) {
        watch(EPOLL_CTL_ADD, descriptor, connected ? EPOLLIN : EPOLLOUT);
    } else {
        close(descriptor);
        ended(lane, 0);
    }
}

static void progress(int descriptor) {
    struct lane *lane = pushes[descriptor].lane;
    char reply;
    int good;
    if (pushes[descriptor].sent) {
        good = read(descriptor, &reply, 1) == 0;
    } else if (deliver(descriptor, lane)) {
        watch(EPOLL_CTL_MOD, descriptor, EPOLLIN);
        return;
    } else {
        good = 0;
    }
    close(descriptor);
    ended(lane, good);
}

static void addMessage(const char *text, size_t length) {
    if (messageCount == messageRoom) {
        messageRoom = messageRoom ? 2 * messageRoom : 64;
        messages = realloc(messages, messageRoom * sizeof *messages);
        if (!messages) fail("realloc");
    }
    messages[messageCount].text = strndup(text, length);
    messages[messageCount++].length = length;
    for (size_t i = 0; i < laneCount; i++)
        if (lanes[i].idle) makeReady(&lanes[i]);
}

static void setPorts(char *line) {
    size_t room = strlen(line) / 2 + 1;
    lanes = calloc(room, sizeof *lanes);
    ready = calloc(room, sizeof *ready);
    if (!lanes || !ready) fail("calloc");
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
        struct lane *lane = &lanes[laneCount++];
        lane->idle = 1;
        lane->address.sin_family = AF_INET;
        lane->address.sin_port = htons(atoi(word));
        lane->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    puts("ready");
    fflush(stdout);
}

static void readInput(void) {
    static char *input;
    static size_t length, room;
    char *line, *end;
    ssize_t got;
    if (room - length < 65536) input = realloc(input, room += 131072);
    if (!input) fail("realloc");
    got = read(STDIN_FILENO, input + length, room - length - 1);
    if (got <= 0) {
        inputOpen = 0;
        watch(EPOLL_CTL_DEL, STDIN_FILENO, 0);
        return;
    }
    length += got;
    for (line = input; (end = memchr(line, '\n', input + length - line)); line = end + 1) {
        *end = 0;
        if (lanes)
            addMessage(line, end - line);
        else
            setPorts(line);
    }
    length -= line - input;
    memmove(input, line, length);
}

int main(void) {
    struct epoll_event events[EVENTS];
    epoll = epoll_create1(0);
    watch(EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN);
    while (inputOpen || inFlight || readyCount) {
        while (readyCount && inFlight < WINDOW) {
            struct lane *lane = ready[firstReady];
            firstReady = (firstReady + 1) % laneCount;
            readyCount--;
            begin(lane);
        }
        if (!inputOpen && !inFlight) continue;
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == STDIN_FILENO)
                readInput();
            else
                progress(events[i].data.fd);
        }
    }
    printf("confirmed %ld failed %ld\n", confirmed, failed);
    return 0;
}
