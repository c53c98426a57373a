/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replies kept for repeated requests: proxies send a datagram again when the answer is slow or
 * lost, and must get the first answer without a second effect. A request is known by its source,
 * its cookie and its body, so that two proxies whose cookies collide are still two. Control's only
 * thread.
 */
#ifndef RTPWIRE_CONTROL_COOKIE_H
#define RTPWIRE_CONTROL_COOKIE_H

#include <stddef.h>

#include "str.h"

#define COOKIE_ROTATE_S 30 /* a reply is kept for one to two of these */
#define COOKIE_BYTES_MAX                                                                           \
	(32u << 20) /* of one generation; beyond it the older one is dropped early */

struct cookie_cache;
struct cookie_entry;

enum cookie_state {
	COOKIE_NEW, /* serve it, then cookie_done() unless entry is NULL (memory is out) */
	COOKIE_IN_WORK, /* the first one is being served: wait with it */
	COOKIE_DONE, /* cookie_reply() has the answer */
};

/* 0 and *out, or -ENOMEM. */
int cookie_new(struct cookie_cache **out);

/* Entries in work are freed too; NULL is fine. */
void cookie_free(struct cookie_cache *c);

/* Looks a request up, and makes an entry in work for a new one. */
enum cookie_state cookie_find(struct cookie_cache *c, const char *source, struct str cookie,
			      struct str body, struct cookie_entry **entry);

/*
 * Stores a copy of the reply. With reply.p NULL, or when memory is out, the entry is forgotten: a
 * repeat is served anew. entry must not be used any more; its waiters are the caller's.
 */
void cookie_done(struct cookie_cache *c, struct cookie_entry *entry, struct str reply);

/* The reply of an entry that is done; valid until the cache is called again. */
struct str cookie_reply(const struct cookie_entry *entry);

/* The place where a transport keeps those who wait for an entry in work; NULL at first. */
void **cookie_waiters(struct cookie_entry *entry);

/* Drops the older generation; to be called every COOKIE_ROTATE_S. Entries in work stay. */
void cookie_rotate(struct cookie_cache *c);

/* Bytes held (tests, statistics). */
size_t cookie_bytes(const struct cookie_cache *c);

#endif
