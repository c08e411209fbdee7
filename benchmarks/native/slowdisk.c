/*
 * A slow disk: in front of the C library, each fsync and fdatasync takes 10 ms more.
 */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void rest(void) {
    struct timespec left = {.tv_nsec = 10 * 1000 * 1000};
    while (nanosleep(&left, &left) < 0)
        ;
}

int fsync(int descriptor) {
    rest();
    return syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor) {
    rest();
    return syscall(SYS_fdatasync, descriptor);
}
