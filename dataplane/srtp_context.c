/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Contexts and their streams (srtp.h, srtp_engine.h), in one mapping per thread that is touched as it is needed: nothing is
 * allocated while packets run. Thread: worker (srtp_new and srtp_free: manager, while the worker does not run).
 */
#include "srtp_engine.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "srtp_window.h"

#define PROBING_PACKETS 1000u

struct kind_row {
	const char *name;
	enum srtp_engine_kind kind;
	const struct srtp_engine_ops *ops;
};

/* In the order in which `auto` tries them. */
static const struct kind_row kinds[] = {
#ifdef RTPWIRE_IPSEC_MB
	{ "ipsec-mb", SRTP_ENGINE_IPSEC_MB, &srtp_ipsec_mb },
#endif
	{ "libsrtp2", SRTP_ENGINE_LIBSRTP2, &srtp_libsrtp2 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* The engine of a kind that works on this machine, or NULL. */
static const struct srtp_engine_ops *ops_of(enum srtp_engine_kind kind)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (kind != SRTP_ENGINE_AUTO && kind != kinds[i].kind)
			continue;
		if (kinds[i].ops->suites())
			return kinds[i].ops;
	}
	return NULL;
}

int srtp_engine_parse(const char *name, enum srtp_engine_kind *out)
{
	static const struct {
		const char *name;
		enum srtp_engine_kind kind;
	} names[] = { { "auto", SRTP_ENGINE_AUTO },
		      { "ipsec-mb", SRTP_ENGINE_IPSEC_MB },
		      { "libsrtp2", SRTP_ENGINE_LIBSRTP2 } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i].name) == 0) {
			*out = names[i].kind;
			return 0;
		}
	}
	return -EINVAL;
}

uint32_t srtp_engine_suites(enum srtp_engine_kind kind)
{
	const struct srtp_engine_ops *ops = ops_of(kind);

	return ops ? ops->suites() : 0;
}

const char *srtp_engine_name(const struct srtp *s)
{
	return s->ops->name;
}

const char *srtp_engine_details(const struct srtp *s)
{
	return s->ops->details(s->engine);
}

static void size_up(struct srtp *s, unsigned int window)
{
	s->window = window;
	s->window_words = 4;
	while ((s->window_words - 1) * SRTP_WINDOW_WORD < window)
		s->window_words *= 2;
	s->stream_bytes = sizeof(struct srtp_stream) + s->window_words * sizeof(uint64_t);
	s->stream_bytes = (s->stream_bytes + 63) / 64 * 64;
	s->hot_bytes = s->stream_bytes + sizeof(struct srtp_context) + s->ops->hot_bytes;
	s->cold_bytes = (sizeof(struct srtp_cold) + s->ops->keys_bytes + 63) / 64 * 64;
	/* an odd number of lines: contexts spread over all sets of the caches */
	s->hot_bytes |= 64;
	s->cold_bytes |= 64;
	s->streams_at = (s->hot_bytes + s->cold_bytes) * s->contexts;
	s->pool_bytes =
		s->streams_at + SRTP_KINDS * SRTP_STREAMS_MAX * s->stream_bytes * s->contexts;
}

/* Keys stay out of core dumps; large pages spare a miss of the TLB for each packet. */
static int map_pool(struct srtp *s)
{
	s->pool = mmap(NULL, s->pool_bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->pool == MAP_FAILED) {
		s->pool = NULL;
		return -ENOMEM;
	}
	if (madvise(s->pool, s->pool_bytes, MADV_DONTDUMP) < 0)
		return -ENOTSUP;
	madvise(s->pool, s->streams_at, MADV_HUGEPAGE); /* as good as it goes */
	return 0;
}

int srtp_new(enum srtp_engine_kind kind, uint32_t contexts, unsigned int window, struct srtp **out)
{
	const struct srtp_engine_ops *ops = ops_of(kind);
	struct srtp *s;
	int rc;

	if (!ops || window < SRTP_WINDOW_MIN || window > SRTP_WINDOW_MAX)
		return -ENOTSUP;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->ops = ops;
	s->contexts = contexts;
	s->free_first = SRTP_NO_PLACE;
	memset(s->buckets, 0xff, sizeof(s->buckets)); /* SRTP_NO_PLACE */
	size_up(s, window);
	rc = ops->engine_new(&s->engine);
	if (rc == 0)
		rc = map_pool(s);
	if (rc < 0) {
		srtp_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

static struct srtp_context *context_at(const struct srtp *s, uint32_t place)
{
	return (struct srtp_context *)(s->pool + s->hot_bytes * place + s->stream_bytes);
}

static struct srtp_cold *cold_at(const struct srtp *s, uint32_t place)
{
	return (struct srtp_cold *)(s->pool + s->hot_bytes * s->contexts + s->cold_bytes * place);
}

static uint32_t place_of(const struct srtp *s, const struct srtp_context *c)
{
	return (uint32_t)(((const uint8_t *)srtp_stream_first(s, c) - s->pool) / s->hot_bytes);
}

static void give_place(struct srtp *s, struct srtp_context *c)
{
	struct srtp_cold *cold = c->cold;

	for (enum srtp_kind kind = 0; kind < SRTP_KINDS; kind++)
		for (unsigned int i = 0; i < c->stream_count[kind]; i++)
			memset(srtp_stream_at(s, c, kind, i), 0, s->stream_bytes);
	explicit_bzero(srtp_stream_first(s, c), s->hot_bytes);
	explicit_bzero(cold, s->cold_bytes);
	cold->next = s->free_first;
	s->free_first = place_of(s, c);
}

void srtp_free(struct srtp *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->touched; i++) {
		struct srtp_context *c = context_at(s, i);

		if (!c->cold)
			continue;
		s->ops->context_close(s->engine, c);
		give_place(s, c);
	}
	if (s->pool)
		munmap(s->pool, s->pool_bytes);
	if (s->engine)
		s->ops->engine_free(s->engine);
	free(s);
}

/* A zeroed place in the pool, or NULL. */
static struct srtp_context *take_place(struct srtp *s)
{
	uint32_t place = s->free_first;

	if (place != SRTP_NO_PLACE) {
		s->free_first = cold_at(s, place)->next;
		cold_at(s, place)->next = 0;
	} else if (s->touched < s->contexts) {
		place = s->touched++;
	} else {
		return NULL;
	}
	cold_at(s, place)->place = place;
	context_at(s, place)->cold = cold_at(s, place);
	return context_at(s, place);
}

static void describe(struct srtp_context *c)
{
	const struct rw_srtp_suite_info *suite = rw_srtp_suite_info(c->cold->key.suite);
	bool null = suite->cipher == RW_SRTP_CIPHER_NULL;

	c->cipher = suite->cipher;
	c->key_bytes = suite->key_bytes;
	c->mki_bytes = c->cold->key.mki_bytes;
	c->encrypted[SRTP_RTP] = !null && !(c->cold->key.flags & RW_SRTP_UNENCRYPTED_SRTP);
	c->encrypted[SRTP_RTCP] = !null && !(c->cold->key.flags & RW_SRTP_UNENCRYPTED_SRTCP);
	c->authenticated[SRTP_RTP] = !(c->cold->key.flags & RW_SRTP_UNAUTHENTICATED_SRTP);
	c->authenticated[SRTP_RTCP] = 1; /* always: RFC 3711 section 3.4 */
	c->tag_bytes[SRTP_RTP] = c->authenticated[SRTP_RTP] ? suite->tag_bytes : 0;
	c->tag_bytes[SRTP_RTCP] = suite->rtcp_tag_bytes;
}

/* Moves a stream forward, or makes it; never back. */
static void resume_kind(struct srtp *s, struct srtp_context *c, enum srtp_kind kind,
			const struct rw_srtp_stream *from, uint64_t index)
{
	struct srtp_stream *st = srtp_stream_find(s, c, kind, from->ssrc);

	if (st && st->index >= index)
		return;
	if (!st)
		st = srtp_stream_new(s, c, kind, from->ssrc, index);
	if (!st)
		return;
	st->index = index;
	st->renewed = true;
	st->last_ms = s->now_ms;
	srtp_window_fill(st->window, s->window_words, index);
	srtp_window_add(st->window, s->window_words, index, index);
	if (c->cold->direction == SRTP_RECEIVE) {
		st->resumed = true;
		st->probing = PROBING_PACKETS;
	} else if (kind == SRTP_RTP) {
		st->seq_offset = from->seq_offset;
		st->before = index | (SRTP_PUBLISH_STEP - 1);
	}
	srtp_stream_publish(c, kind, st);
}

void srtp_context_resume(struct srtp *s, struct srtp_context *c,
			 const struct rw_srtp_stream *streams)
{
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++) {
		if (!streams[i].used)
			continue;
		resume_kind(s, c, SRTP_RTP, &streams[i],
			    (uint64_t)streams[i].roc << 16 | streams[i].seq);
		if (streams[i].srtcp_index)
			resume_kind(s, c, SRTP_RTCP, &streams[i], streams[i].srtcp_index);
	}
}

int srtp_context_new(struct srtp *s, enum srtp_direction direction, const struct rw_srtp_key *key,
		     const struct rw_srtp_stream *streams, struct rw_srtp_stream *publish,
		     struct srtp_context **out)
{
	struct srtp_context *c = take_place(s);
	int rc;

	if (!c)
		return -ENOMEM;
	c->cold->key = *key;
	c->cold->direction = (uint8_t)direction;
	describe(c);
	rc = s->ops->context_open(s->engine, c);
	if (rc < 0) {
		give_place(s, c);
		return rc;
	}
	c->cold->users = 1;
	srtp_context_publish(s, c, publish);
	if (streams)
		srtp_context_resume(s, c, streams);
	*out = c;
	return 0;
}

static uint32_t *bucket_of(struct srtp *s, uint64_t call_ref)
{
	return &s->buckets[call_ref % SRTP_BUCKETS];
}

/* The first entered context of a call, from place `at` on, that has this key; in `direction`, or (-1) in any. */
static struct srtp_context *search(struct srtp *s, uint32_t at, int direction, uint64_t call_ref,
				   const struct rw_srtp_key *key)
{
	while (at != SRTP_NO_PLACE) {
		struct srtp_context *c = context_at(s, at);

		if (c->cold->call_ref == call_ref &&
		    (direction < 0 || c->cold->direction == direction) &&
		    rw_srtp_key_equal(&c->cold->key, key))
			return c;
		at = c->cold->next;
	}
	return NULL;
}

void srtp_context_enter(struct srtp *s, struct srtp_context *c, uint64_t call_ref)
{
	uint32_t *first = bucket_of(s, call_ref);
	const struct srtp_context *twin = search(s, *first, -1, call_ref, &c->cold->key);

	if (s->key_ids == 0)
		s->key_ids = 1;
	c->key_id = twin ? twin->key_id : s->key_ids++;
	c->cold->call_ref = call_ref;
	c->cold->entered = true;
	c->cold->next = *first;
	*first = place_of(s, c);
}

static void leave(struct srtp *s, struct srtp_context *c)
{
	uint32_t *at = bucket_of(s, c->cold->call_ref), place = place_of(s, c);

	while (*at != place)
		at = &context_at(s, *at)->cold->next;
	*at = c->cold->next;
}

struct srtp_context *srtp_context_find(struct srtp *s, enum srtp_direction direction,
				       uint64_t call_ref, const struct rw_srtp_key *key)
{
	struct srtp_context *c = search(s, *bucket_of(s, call_ref), (int)direction, call_ref, key);

	if (c)
		c->cold->users++;
	return c;
}

bool srtp_context_same_key(const struct srtp_context *a, const struct srtp_context *b)
{
	return a->key_id && a->key_id == b->key_id &&
	       rw_srtp_key_equal(&a->cold->key, &b->cold->key);
}

bool srtp_context_is_passed(struct srtp *s, const struct srtp_context *c)
{
	return c->cold->entered && search(s, *bucket_of(s, c->cold->call_ref), SRTP_RECEIVE,
					  c->cold->call_ref, &c->cold->key);
}

void srtp_context_free(struct srtp *s, struct srtp_context *c)
{
	if (!c || --c->cold->users)
		return;
	if (c->cold->entered)
		leave(s, c);
	s->ops->context_close(s->engine, c);
	give_place(s, c);
}

const struct rw_srtp_key *srtp_context_key(const struct srtp_context *c)
{
	return &c->cold->key;
}

const struct rw_srtp_stream *srtp_context_published(const struct srtp_context *c)
{
	return c->publish;
}

void srtp_context_publish(struct srtp *s, struct srtp_context *c, struct rw_srtp_stream *publish)
{
	c->publish = publish;
	if (publish)
		memset(publish, 0, RW_SSRC_SLOTS * sizeof(*publish));
	for (unsigned int kind = 0; kind < SRTP_KINDS; kind++)
		for (unsigned int i = 0; i < c->stream_count[kind]; i++)
			srtp_stream_publish(c, kind, srtp_stream_at(s, c, kind, i));
}

void srtp_context_renewed(struct srtp *s, struct srtp_context *c)
{
	for (unsigned int i = 0;
	     c->cold->direction == SRTP_RECEIVE && i < c->stream_count[SRTP_RTP]; i++) {
		struct srtp_stream *st = srtp_stream_at(s, c, SRTP_RTP, i);

		st->renewed = true;
		st->probing = PROBING_PACKETS;
	}
}

/* --- streams --- */

/*
 * The stream in this place is used from now on. Of a sending context the one used so far tells where it stands: the
 * sequence number sent last, which statistics have, will be that of another one.
 */
static void make_current(const struct srtp *s, struct srtp_context *c, enum srtp_kind kind,
			 unsigned int place)
{
	if (c->current[kind] == place)
		return;
	if (c->cold->direction == SRTP_SEND)
		srtp_stream_publish(c, kind, srtp_stream_at(s, c, kind, c->current[kind]));
	c->current[kind] = (uint8_t)place;
}

struct srtp_stream *srtp_stream_find(const struct srtp *s, struct srtp_context *c,
				     enum srtp_kind kind, uint32_t ssrc)
{
	unsigned int count = c->stream_count[kind];

	for (unsigned int i = 0; i < count; i++) {
		if (c->cold->ssrc[kind][i] != ssrc)
			continue;
		make_current(s, c, kind, i);
		return srtp_stream_at(s, c, kind, i);
	}
	return NULL;
}

/* The place of the receiving stream that was silent for longest. */
static unsigned int oldest(const struct srtp *s, const struct srtp_context *c, enum srtp_kind kind)
{
	unsigned int place = 0;
	uint32_t most = 0;

	for (unsigned int i = 0; i < SRTP_STREAMS_MAX; i++) {
		uint32_t age = s->now_ms - srtp_stream_at(s, c, kind, i)->last_ms;

		if (age > most) {
			most = age;
			place = i;
		}
	}
	return place;
}

struct srtp_stream *srtp_stream_new(struct srtp *s, struct srtp_context *c, enum srtp_kind kind,
				    uint32_t ssrc, uint64_t index)
{
	unsigned int place = c->stream_count[kind];
	struct srtp_stream *st;

	if (place == SRTP_STREAMS_MAX) {
		if (c->cold->direction == SRTP_SEND)
			return NULL;
		place = oldest(s, c, kind);
		s->ops->stream_close(s->engine, c, kind, c->cold->ssrc[kind][place]);
	} else {
		c->stream_count[kind]++;
	}
	make_current(s, c, kind, place);
	c->cold->ssrc[kind][place] = ssrc;
	st = srtp_stream_at(s, c, kind, place);
	memset(st, 0, s->stream_bytes);
	st->ssrc = ssrc;
	st->index = index;
	return st;
}

/* The published place of an SSRC: its own, else a free one, else that of another one. */
static struct rw_srtp_stream *publish_place(struct srtp_context *c, uint32_t ssrc)
{
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++)
		if (c->publish[i].used && c->publish[i].ssrc == ssrc)
			return &c->publish[i];
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++)
		if (!c->publish[i].used)
			return &c->publish[i];
	c->cold->publish_next = (c->cold->publish_next + 1) % RW_SSRC_SLOTS;
	return &c->publish[c->cold->publish_next];
}

void srtp_stream_publish(struct srtp_context *c, enum srtp_kind kind, const struct srtp_stream *st)
{
	struct rw_srtp_stream *at;

	if (!c->publish)
		return;
	at = publish_place(c, st->ssrc);
	if (!at->used || at->ssrc != st->ssrc)
		*at = (struct rw_srtp_stream){ .ssrc = st->ssrc };
	if (kind == SRTP_RTCP) {
		at->srtcp_index = (uint32_t)st->index;
	} else {
		at->roc = (uint32_t)(st->index >> 16);
		at->seq = (uint16_t)st->index;
		at->seq_offset = c->cold->direction == SRTP_SEND ? st->seq_offset : 0;
	}
	at->used = 1;
}
