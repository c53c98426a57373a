/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sockets on which proxies ask: UNIX stream, UNIX datagram, UDP, TCP. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_NGSOCK_H
#define RTPWIRE_CONTROL_NGSOCK_H

#include <stddef.h>
#include <sys/types.h>

#include "config.h"

#define NGSOCK_CLIENTS_MAX 1024 /* streams at a time; the longest idle one makes room */

struct engine;
struct ev_loop;
struct ngsock;

/*
 * Opens every listener of cfg (needs the privileges that the addresses need). UNIX sockets get
 * owner, --listen-mode and --listen-group; a socket file that nobody listens on is replaced. 0 and
 * *out; -EADDRINUSE when somebody does, -EINVAL for a bad group or file, -EIO for other failures,
 * all logged; -ENOMEM.
 */
int ngsock_open(const struct config *cfg, uid_t owner, struct ev_loop *loop, struct ngsock **out);

/* Starts serving; eng is handed to the commands and must outlive the last event. */
void ngsock_serve(struct ngsock *s, struct engine *eng);

/* All listeners as "unix:/path udp:127.0.0.1:2223", with the port the kernel chose for port 0. */
const char *ngsock_listeners(const struct ngsock *s);

/*
 * Closes all and removes the socket files where the directory lets us. Requests still in work are
 * dropped without answer: free the engine first. NULL is fine.
 */
void ngsock_free(struct ngsock *s);

#endif
