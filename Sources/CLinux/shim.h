// SPDX-License-Identifier: Apache-2.0
// Linux headers that Swift's Glibc module leaves out (man7.org, sections 2 and 7). Variadics get doors; no logic.
#pragma once
#include <malloc.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

// socket(2). An enum in C that several modules carry; which of them Swift finds it in depends on what else is imported.
static const int clinux_stream = SOCK_STREAM;
static const int clinux_datagram = SOCK_DGRAM;
static const int clinux_nonblocking = SOCK_NONBLOCK;
static const int clinux_close_on_exec = SOCK_CLOEXEC;

// setpriority(2) and sched_setscheduler(2). For Linux a thread is what has the priority; 0 is the calling one.
// SCHED_RESET_ON_FORK (0x40000000, hidden without _GNU_SOURCE) keeps threads it starts from inheriting it.
static inline int clinux_set_thread_priority(int nice) { return setpriority(PRIO_PROCESS, 0, nice); }
static inline int clinux_set_thread_round_robin(int priority) {
    struct sched_param parameter = {.sched_priority = priority};
    return sched_setscheduler(0, SCHED_RR | 0x40000000, &parameter);
}

// prctl(2) is variadic.
static inline int clinux_set_thread_name(const char *name) {
    return prctl(PR_SET_NAME, (unsigned long)name, 0UL, 0UL, 0UL);
}
static inline int clinux_set_timer_slack(unsigned long nanoseconds) {
    return prctl(PR_SET_TIMERSLACK, nanoseconds, 0UL, 0UL, 0UL);
}

// pipe2(2) and posix_spawn_file_actions_addclosefrom_np(3) are hidden from Swift without _GNU_SOURCE.
#include <spawn.h>
extern int pipe2(int ends[2], int flags);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);
static inline int clinux_pipe(int ends[2], int flags) { return pipe2(ends, flags); }
static inline int clinux_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

// mallopt(3). The C library may keep a heap for each thread, up to eight for each core, and gives little of them back.
static inline int clinux_limit_heaps(int most) { return mallopt(M_ARENA_MAX, most); }

// pidfd_open(2) and pidfd_send_signal(2) have no doors in the C library of Debian 12; syscall(2) is variadic.
#include <regex.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>
static inline int clinux_pidfd_open(int process) { return (int)syscall(SYS_pidfd_open, process, 0); }
static inline int clinux_pidfd_send_signal(int descriptor, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, (void *)0, 0);
}

// prctl(2): the signal that this process gets when the one that started it ends.
static inline int clinux_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0UL, 0UL, 0UL);
}

// flock(2): Swift finds the structure of that name first.
static inline int clinux_lock_exclusively(int descriptor, int may_wait) {
    return flock(descriptor, LOCK_EX | (may_wait ? 0 : LOCK_NB));
}

// open(2) is variadic.
#include <fcntl.h>
static inline int clinux_open(const char *path, int flags, unsigned mode) {
    return open(path, flags | O_CLOEXEC, mode);
}
