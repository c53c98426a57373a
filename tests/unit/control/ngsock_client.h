/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Server and clients in one thread, for the tests of ngsock*.c: after each step of a client the
 * loop is turned until nothing happens any more.
 */
#ifndef RTPWIRE_TESTS_NGSOCK_CLIENT_H
#define RTPWIRE_TESTS_NGSOCK_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include <cmocka.h>

#include "fake_commands.h"
#include "ngsock_impl.h"

#define PING "d7:command4:pinge"
#define PONG "d6:result4:ponge"
#define COUNT "d7:command5:counte"
#define LATER "d7:command5:latere"
#define GOT_BYTES (1 << 21)

extern char dir[]; /* for socket files; made by run_group() */
extern char path[64]; /* of the listener */
extern struct config cfg; /* of the listener started last */
extern struct ev_loop *loop;
extern struct ngsock *server;
extern char got[GOT_BYTES]; /* what hear() and hear_all() read */

/* cmocka's before and after each test; fails when the socket file stays behind. */
int setup(void **state);
int teardown(void **state);

/* Runs the tests with dir and path in place. */
int run_group(const struct CMUnitTest *tests, size_t count);

/* Opens one listener and serves it. */
void start(struct listen_spec spec);
struct listen_spec unix_spec(enum listen_kind kind);
void start_inet(enum listen_kind kind, const char *address);

void turn(void);
int set_nonblocking(int fd);
struct sockaddr_un unix_address(const char *at);

/* A client of the listener. to may differ from the address bound. */
int client_unix(int type);
int client_inet(int type, const char *to);

/* Sends text at once; sends n bytes in as many steps as it takes. */
void say(int fd, const char *text);
void say_all(int fd, const char *text, size_t n);

/* What can be read now, in one read: "" for nothing, "EOF" at the end; or exactly n bytes. */
const char *hear(int fd);
void hear_all(int fd, size_t n);

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
