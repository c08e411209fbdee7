/*
 * The receiving side of every benchmark: many members in one process.
 *
 *     sink MEMBERS [QUEUE [MICROSECONDS]]
 *
 * listens on MEMBERS loopback ports and prints them in one line. Each member accepts, reads to the
 * end of file and closes in order. QUEUE is the length of its accept queue; with MICROSECONDS it
 * rests for so long after each connection it accepts.
 *
 * On standard input:
 *
 *     expect MESSAGES     forget what came; every member should get 1 to MESSAGES; says "ok"
 *     wait MILLISECONDS   says what came, as JSON, when all is there or the time has passed
 *
 * and its end of file ends the program. A message is "WORD NUMBER NANOSECONDS ...": the time on
 * CLOCK_MONOTONIC when it was said. The order is that in which numbers were first seen anywhere:
 * one log for all members.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS, ALARM, LISTENER, CONNECTION };
enum { EVENTS = 256, KEPT = 128, NANOS = 1000000000 };

/* What a descriptor is for; the table is indexed by it. */
static struct slot {
    int kind, member;
    size_t length;
    char text[KEPT];
} *slots;

/* Members that rest after an accept, the first to wake first: all rest equally long. */
static struct {
    int listener;
    int64_t due;
} *resting;
static size_t firstResting, restingCount;

static int epoll, alarmClock, members;
static int64_t restNanos;

static uint32_t messages, seenNumbers;
static uint32_t *position;  /* by number: its place in the order; 0 before it was seen */
static uint32_t *furthest;  /* by member: the furthest place it has come to */
static uint8_t *seen;       /* by member and number */
static uint32_t *latencies; /* in microseconds */
static uint64_t arrived, doubled, disordered, alien, wanted;
static int64_t finished, deadline;
static int waiting;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NANOS + t.tv_nsec;
}

static void *zeros(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) fail("calloc");
    return memory;
}

static void watch(int operation, int descriptor, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = descriptor};
    if (epoll_ctl(epoll, operation, descriptor, &event) < 0) fail("epoll_ctl");
}

static int raiseLimit(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0) fail("getrlimit");
    if (files.rlim_max > 65536) files.rlim_max = 65536;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0) fail("setrlimit");
    return (int)files.rlim_cur;
}

static void listenFor(int member, int queue) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener < 0) fail("socket");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(listener, queue) < 0) fail("listen");
    if (getsockname(listener, (struct sockaddr *)&address, &length) < 0) fail("getsockname");
    slots[listener] = (struct slot){.kind = LISTENER, .member = member};
    watch(EPOLL_CTL_ADD, listener, EPOLLIN);
    printf("%d%c", ntohs(address.sin_port), member + 1 < members ? ' ' : '\n');
}

static void setAlarm(void) {
    int64_t due = restingCount ? resting[firstResting].due : 0;
    struct itimerspec when = {.it_value = {due / NANOS, due % NANOS}};
    timerfd_settime(alarmClock, TFD_TIMER_ABSTIME, &when, NULL);
}

static void rest(int listener) {
    size_t last = (firstResting + restingCount) % members;
    watch(EPOLL_CTL_MOD, listener, 0);
    resting[last].listener = listener;
    resting[last].due = now() + restNanos;
    if (!restingCount++) setAlarm();
}

static void wake(void) {
    uint64_t times;
    if (read(alarmClock, &times, sizeof times) < 0) return;
    while (restingCount && resting[firstResting].due <= now()) {
        watch(EPOLL_CTL_MOD, resting[firstResting].listener, EPOLLIN);
        firstResting = (firstResting + 1) % members;
        restingCount--;
    }
    setAlarm();
}

static void acceptAt(int listener) {
    int connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (connection < 0) return;
    slots[connection].kind = CONNECTION;
    slots[connection].member = slots[listener].member;
    slots[connection].length = 0;
    watch(EPOLL_CTL_ADD, connection, EPOLLIN);
    if (restNanos) rest(listener);
}

static void take(int member, const char *text) {
    uint32_t number;
    int64_t said, moment = now();
    uint8_t *mark;
    if (sscanf(text, "%*s %" SCNu32 " %" SCNd64, &number, &said) != 2 || !number ||
        number > messages) {
        alien++;
        return;
    }
    mark = &seen[(size_t)member * (messages + 1) + number];
    if (*mark) {
        doubled++;
        return;
    }
    *mark = 1;
    if (!position[number]) position[number] = ++seenNumbers;
    if (position[number] < furthest[member])
        disordered++;
    else
        furthest[member] = position[number];
    latencies[arrived++] = (uint32_t)((moment - said) / 1000);
    if (arrived == wanted) finished = moment;
}

static void receive(int descriptor) {
    struct slot *slot = &slots[descriptor];
    char chunk[4096];
    ssize_t got = read(descriptor, chunk, sizeof chunk);
    if (got < 0 && errno == EAGAIN) return;
    if (got > 0) {
        size_t room = KEPT - 1 - slot->length;
        size_t part = (size_t)got < room ? (size_t)got : room;
        memcpy(slot->text + slot->length, chunk, part);
        slot->length += part;
        return;
    }
    slot->text[slot->length] = 0;
    if (got == 0) take(slot->member, slot->text);
    close(descriptor);
}

static void expect(uint32_t count) {
    free(position), free(furthest), free(seen), free(latencies);
    messages = count;
    wanted = (uint64_t)members * count;
    position = zeros(count + 1, sizeof *position);
    furthest = zeros(members, sizeof *furthest);
    seen = zeros((size_t)members * (count + 1), 1);
    latencies = zeros(wanted, sizeof *latencies);
    seenNumbers = 0;
    arrived = doubled = disordered = alien = 0;
    finished = 0;
    puts("ok");
}

static int byValue(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static uint32_t percentile(int percent) {
    return arrived ? latencies[(arrived - 1) * percent / 100] : 0;
}

static void report(void) {
    qsort(latencies, arrived, sizeof *latencies, byValue);
    printf("{\"arrived\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"doubled\": %" PRIu64
           ", \"disordered\": %" PRIu64 ", \"alien\": %" PRIu64 ", \"finished\": %" PRId64
           ", \"p50\": %" PRIu32 ", \"p99\": %" PRIu32 ", \"worst\": %" PRIu32 "}\n",
           arrived, wanted - arrived, doubled, disordered, alien, finished, percentile(50),
           percentile(99), percentile(100));
    waiting = 0;
}

static void obey(void) {
    char line[64];
    unsigned number;
    /* A command is one short line, and its sender waits for the answer: it is never split. */
    ssize_t got = read(STDIN_FILENO, line, sizeof line - 1);
    if (got <= 0) exit(0);
    line[got] = 0;
    if (sscanf(line, "expect %u", &number) == 1) {
        expect(number);
    } else if (sscanf(line, "wait %u", &number) == 1) {
        waiting = 1;
        deadline = now() + (int64_t)number * 1000000;
    }
}

static void serve(int descriptor) {
    switch (slots[descriptor].kind) {
    case COMMANDS: obey(); break;
    case ALARM: wake(); break;
    case LISTENER: acceptAt(descriptor); break;
    default: receive(descriptor);
    }
}

int main(int count, char **arguments) {
    struct epoll_event events[EVENTS];
    int queue = count > 2 ? atoi(arguments[2]) : 1024;
    members = count > 1 ? atoi(arguments[1]) : 1;
    restNanos = count > 3 ? atoll(arguments[3]) * 1000 : 0;
    slots = zeros(raiseLimit(), sizeof *slots);
    resting = zeros(members, sizeof *resting);
    epoll = epoll_create1(0);
    alarmClock = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    slots[STDIN_FILENO].kind = COMMANDS;
    slots[alarmClock].kind = ALARM;
    watch(EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN);
    watch(EPOLL_CTL_ADD, alarmClock, EPOLLIN);
    for (int member = 0; member < members; member++) listenFor(member, queue);
    for (;;) {
        int64_t left = waiting ? (deadline - now()) / 1000000 : -1;
        if (waiting && (arrived == wanted || left <= 0)) {
            report();
            left = -1;
        }
        fflush(stdout);
        int ready = epoll_wait(epoll, events, EVENTS, (int)left);
        for (int i = 0; i < ready; i++) serve(events[i].data.fd);
    }
}
