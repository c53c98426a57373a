/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Batches of packets through an engine, and what they do to their streams: index guess, replay check, rollover counter
 * (srtp.h). Thread: worker.
 */
#include "srtp_engine.h"

#include "rtpwire/bytes.h"

#include "srtp_window.h"

#define HALF_RANGE 0x8000u
#define ROC_STEP 0x10000u
#define INDEX_MAX 0xffffffffffffull /* 48 bits: RFC 3711 section 9.2 */
#define PREFETCH_BYTES 320u /* of facts and keys: what AES_CM_128_HMAC_SHA1 needs */

/*
 * A stream may only fall back to an older ROC when nothing was authenticated for so long. Else whoever recorded packets
 * could pull it there while it runs.
 */
#define FALL_BACK_MS 50u
#define FALL_BACK_GAP 16u /* how far the second packet may be ahead of the first */

static bool window_has(const struct srtp *s, struct srtp_stream *st, uint64_t index)
{
	return srtp_window_has(st->window, s->window_words, s->window, st->index, index);
}

static void window_add(const struct srtp *s, struct srtp_stream *st, uint64_t index)
{
	st->index = srtp_window_add(st->window, s->window_words, st->index, index);
}

static struct srtp_stream *stream_of(const struct srtp *s, struct srtp_context *c,
				     enum srtp_kind kind, uint32_t ssrc)
{
	struct srtp_stream *st = srtp_stream_at(s, c, kind, c->current[kind]);

	if (c->stream_count[kind] && st->ssrc == ssrc)
		return st;
	return srtp_stream_find(s, c, kind, ssrc);
}

/*
 * Memory of all packets of a batch is asked for before the first is looked at. Addresses do not depend on memory that is
 * still on its way: the stream is taken to be the first one, as it nearly always is.
 */
static void prefetch(const struct srtp *s, const struct srtp_packet *packets, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		const uint8_t *hot = (const uint8_t *)srtp_stream_first(s, packets[i].context);

		for (unsigned int at = 0; at < s->stream_bytes + PREFETCH_BYTES; at += 64)
			__builtin_prefetch(hot + at);
	}
}

static bool passed_step(uint64_t from, uint64_t to)
{
	return from / SRTP_PUBLISH_STEP != to / SRTP_PUBLISH_STEP;
}

/* --- sending --- */

/* The sender began anew, or sent a number again: its numbers go on behind all that may have been sent. */
static void renumber(const struct srtp *s, struct srtp_packet *p, struct srtp_stream *st)
{
	if (st->index < st->before)
		window_add(s, st, st->before);
	st->seq_offset = (uint16_t)(st->index + 1 - p->work.seq);
	st->restarting = false;
	p->events |= SRTP_EVENT_RENUMBERED;
}

/*
 * Index of a packet that is not ahead of all others. Late ones fit in where they belong; a number that was
 * sent before may be a double of the network (the first is dropped) or a sender that began anew (the next proves it).
 */
static bool late_index(const struct srtp *s, struct srtp_packet *p, struct srtp_stream *st,
		       int32_t ahead)
{
	uint64_t behind = (uint64_t)-ahead;

	if (behind < s->window && behind <= st->index && !window_has(s, st, st->index - behind)) {
		p->work.index = st->index - behind;
		return true;
	}
	if (behind < s->window && !(st->restarting && p->work.seq == st->restart_seq)) {
		st->restarting = true;
		st->restart_seq = (uint16_t)(p->work.seq + 1);
		p->status = SRTP_REPEATED;
		return false;
	}
	renumber(s, p, st);
	p->work.index = st->index + 1;
	return true;
}

static bool send_index(struct srtp *s, struct srtp_packet *p, struct srtp_stream *st)
{
	int32_t ahead = (int16_t)(p->work.seq + st->seq_offset - (uint16_t)st->index);

	if (ahead > 0) {
		p->work.index = st->index + (uint64_t)ahead;
		st->restarting = false;
		return true;
	}
	return late_index(s, p, st, ahead);
}

/* Gives the packet its index and its number, and notes both as sent. */
static bool send_rtp(struct srtp *s, struct srtp_packet *p)
{
	struct srtp_context *c = p->context;
	struct srtp_stream *st = stream_of(s, c, SRTP_RTP, p->work.ssrc);
	uint64_t highest;

	if (!st) {
		st = srtp_stream_new(s, c, SRTP_RTP, p->work.ssrc, p->work.seq);
		if (!st) {
			p->status = SRTP_SSRC_LIMIT;
			return false;
		}
		p->work.index = p->work.seq;
		window_add(s, st, p->work.index);
		srtp_stream_publish(c, SRTP_RTP, st);
		p->work.stream = st;
		return true;
	}
	highest = st->index;
	if (!send_index(s, p, st))
		return false;
	if (p->work.index > INDEX_MAX) {
		p->status = SRTP_SSRC_LIMIT;
		return false;
	}
	p->work.forced = st->renewed;
	st->renewed = false;
	window_add(s, st, p->work.index);
	if (passed_step(highest, st->index) || p->events)
		srtp_stream_publish(c, SRTP_RTP, st);
	rw_store_be16(p->data + 2, (uint16_t)p->work.index);
	p->work.stream = st;
	return true;
}

static bool send_rtcp(struct srtp *s, struct srtp_packet *p)
{
	struct srtp_context *c = p->context;
	struct srtp_stream *st = stream_of(s, c, SRTP_RTCP, p->work.ssrc);

	if (!st)
		st = srtp_stream_new(s, c, SRTP_RTCP, p->work.ssrc, 0);
	if (!st || st->index >= 0x7fffffffu) { /* the key is used up, RFC 3711 section 9.2 */
		p->status = SRTP_SSRC_LIMIT;
		return false;
	}
	p->work.index = ++st->index;
	p->work.stream = st;
	p->work.forced = st->renewed;
	st->renewed = false;
	srtp_stream_publish(c, SRTP_RTCP, st);
	return true;
}

static bool prepare_send(struct srtp *s, struct srtp_packet *p)
{
	enum srtp_kind kind = p->rtcp ? SRTP_RTCP : SRTP_RTP;
	unsigned int trailer = srtp_trailer_bytes(p->context, kind);

	p->status = SRTP_OK;
	p->events = 0;
	p->work.forced = false;
	p->work.ok = true;
	if (!srtp_layout_plain(p)) {
		p->status = SRTP_MALFORMED;
		return false;
	}
	/* the ROC stands there for a moment, also where no tag will */
	if (p->room_bytes < (trailer < 4 ? 4 : trailer) || p->len_bytes + trailer > UINT16_MAX) {
		p->status = SRTP_NO_ROOM;
		return false;
	}
	if (p->fixed) {
		p->work.index = p->index;
		p->work.stream = NULL;
		p->work.forced = true;
	} else if (!(p->rtcp ? send_rtcp(s, p) : send_rtp(s, p))) {
		return false;
	}
	srtp_layout_iv(p);
	return true;
}

void srtp_batch_protect(struct srtp *s, struct srtp_packet *packets, unsigned int count)
{
	struct srtp_packet *list[SRTP_BATCH_MAX];
	unsigned int n = 0;

	prefetch(s, packets, count);
	for (unsigned int i = 0; i < count; i++)
		if (prepare_send(s, &packets[i]))
			list[n++] = &packets[i];
	if (n)
		s->ops->seal(s->engine, list, n);
}

/* --- receiving --- */

/* RFC 3711 section 3.3.1 and appendix A; below index 0 there is nothing, so it is the first ROC then. */
static uint64_t guess(uint64_t highest, uint16_t seq)
{
	int32_t ahead = (int16_t)(seq - (uint16_t)highest);

	if (ahead < 0 && (uint64_t)-ahead > highest)
		return seq;
	return highest + (uint64_t)(int64_t)ahead;
}

/* Finds stream and index under p->context. False with p->status when the packet is out already. */
static bool prepare_receive(struct srtp *s, struct srtp_packet *p)
{
	enum srtp_kind kind = p->rtcp ? SRTP_RTCP : SRTP_RTP;
	struct srtp_work *w = &p->work;

	p->status = SRTP_OK;
	if (!srtp_layout_secured(p)) {
		p->status = SRTP_MALFORMED;
		return false;
	}
	w->stream = stream_of(s, p->context, kind, w->ssrc);
	w->forced = false;
	if (kind == SRTP_RTP)
		w->index = w->stream ? guess(w->stream->index, w->seq) : w->seq;
	if (w->stream && !w->stream->resumed && window_has(s, w->stream, w->index)) {
		p->status = SRTP_REPLAYED;
		return false;
	}
	srtp_layout_iv(p);
	return true;
}

static bool try_index(struct srtp *s, struct srtp_packet *p, uint64_t index)
{
	p->work.index = index;
	p->work.keep = true;
	p->work.forced = true;
	srtp_layout_iv(p);
	s->ops->open(s->engine, &p, 1);
	return p->work.ok;
}

/* Tries an index under which the stream goes on ahead. */
static bool try_ahead(struct srtp *s, struct srtp_packet *p, uint64_t index, uint8_t event)
{
	if (!try_index(s, p, index))
		return false;
	p->events |= event;
	return true;
}

/*
 * Tries an index under an older ROC. What fits may have been recorded back then, so a first packet only announces it: the
 * next one has to follow.
 */
static bool try_behind(struct srtp *s, struct srtp_packet *p, uint64_t index, uint8_t event)
{
	struct srtp_stream *st = p->work.stream;
	uint16_t ahead = (uint16_t)((uint16_t)index - st->fall_seq);
	bool follows = st->restarting && st->fall_roc == (uint16_t)(index >> 16) && ahead > 0 &&
		       ahead <= FALL_BACK_GAP;

	if (!try_index(s, p, index))
		return false;
	st->restarting = true;
	st->fall_roc = (uint16_t)(index >> 16);
	st->fall_seq = (uint16_t)index;
	p->work.ok = follows;
	if (follows)
		p->events |= event;
	return follows;
}

/*
 * Ahead of all that ever was authentic nothing recorded fits, so that is always worth a try: one ROC on, and, after a fall,
 * where the stream was.
 */
static bool try_all_ahead(struct srtp *s, struct srtp_packet *p, uint64_t guessed)
{
	const struct srtp_stream *st = p->work.stream;
	uint64_t highest = st->before > st->index ? st->before : st->index;
	uint64_t back = guess(st->before, p->work.seq);

	if (st->probing && guessed + ROC_STEP > highest &&
	    try_ahead(s, p, guessed + ROC_STEP, SRTP_EVENT_ROC_NEXT))
		return true;
	return st->before && back > highest && back != guessed + ROC_STEP &&
	       try_ahead(s, p, back, SRTP_EVENT_ROC_KEPT);
}

/*
 * Nothing fits the index guessed, and the stream may have another ROC: it is new to us, or signalling was renewed. Behind
 * (none, one less) it may fall only if it is silent otherwise.
 */
static bool try_other_roc(struct srtp *s, struct srtp_packet *p)
{
	const struct srtp_stream *st = p->work.stream;
	uint64_t guessed = p->work.index;

	if (p->rtcp || !p->work.authenticated)
		return false;
	if (!st)
		return try_ahead(s, p, guessed + ROC_STEP, SRTP_EVENT_ROC_NEXT);
	if (try_all_ahead(s, p, guessed))
		return true;
	if (!st->probing || s->now_ms - st->last_ms < FALL_BACK_MS || guessed < ROC_STEP)
		return false;
	return try_behind(s, p, p->work.seq, SRTP_EVENT_ROC_ZERO) ||
	       (guessed >= 2 * ROC_STEP &&
		try_behind(s, p, guessed - ROC_STEP, SRTP_EVENT_ROC_PREVIOUS));
}

/* All that a packet can be under p->context; tried: what it was not already. */
static bool try_context(struct srtp *s, struct srtp_packet *p, const uint64_t *tried)
{
	if (prepare_receive(s, p) && (!tried || *tried != p->work.index) &&
	    try_index(s, p, p->work.index))
		return true;
	return p->status != SRTP_MALFORMED && try_other_roc(s, p);
}

/* Without a tag everything fits: then only a packet that cannot be of the first key is of the other one. */
static bool may_be_other(const struct srtp_packet *p, uint8_t status)
{
	return p->other && (status == SRTP_MALFORMED ||
			    p->other->authenticated[p->rtcp ? SRTP_RTCP : SRTP_RTP]);
}

/*
 * The second look at a packet that did not fit. Packets before it in the batch may have changed the stream (its
 * first ones, around a wrap), its ROC may be another one, or the key the other one. The status of the first look stays
 * when nothing fits.
 */
static bool try_again(struct srtp *s, struct srtp_packet *p)
{
	struct srtp_context *first = p->context;
	uint64_t tried = p->work.index;
	uint8_t status = p->status;

	if (try_context(s, p, status == SRTP_OK ? &tried : NULL)) {
		p->status = SRTP_OK;
		return true;
	}
	if (may_be_other(p, status)) {
		p->context = p->other;
		if (try_context(s, p, NULL)) {
			p->status = SRTP_OK;
			p->used_other = true;
			return true;
		}
		p->context = first;
	}
	p->status = status;
	return false;
}

/*
 * Makes room in the window for an index that the stream's state did not suggest: the first one after another dataplane, one
 * under an older ROC, or one back where the stream was before such a fall. What was seen there is not known, so nothing
 * before it passes.
 */
static void adopt_index(struct srtp *s, uint64_t index, struct srtp_stream *st)
{
	bool falls = index < st->index && (st->resumed || st->index - index >= HALF_RANGE);

	if (falls && !st->resumed && st->before < st->index)
		st->before = st->index;
	if (falls) {
		st->index = index;
		srtp_window_fill(st->window, s->window_words, index);
	} else if (st->before > st->index && index > st->before) {
		st->index = st->before;
		st->before = 0;
		srtp_window_fill(st->window, s->window_words, st->index);
		window_add(s, st, st->index);
	}
	st->resumed = false;
}

static void count_probe(struct srtp_packet *p, struct srtp_stream *st)
{
	if (st->renewed && !p->events)
		p->events = SRTP_EVENT_ROC_KEPT;
	st->renewed = false;
	st->probing--;
}

/* The packet is authentic: now, and not before, the stream may change. */
static void commit(struct srtp *s, struct srtp_packet *p)
{
	enum srtp_kind kind = p->rtcp ? SRTP_RTCP : SRTP_RTP;
	struct srtp_stream *st = stream_of(s, p->context, kind, p->work.ssrc);
	uint64_t index = p->work.index, highest;

	if (!st) {
		st = srtp_stream_new(s, p->context, kind, p->work.ssrc, index);
		window_add(s, st, index);
		st->last_ms = s->now_ms;
		srtp_stream_publish(p->context, kind, st);
		return;
	}
	highest = st->index;
	if (p->work.forced || st->resumed)
		adopt_index(s, index, st);
	if (window_has(s, st, index)) { /* its double was in the same batch */
		p->status = SRTP_REPLAYED;
		return;
	}
	window_add(s, st, index);
	st->last_ms = s->now_ms;
	st->restarting = false;
	if (kind == SRTP_RTCP || passed_step(highest, st->index))
		srtp_stream_publish(p->context, kind, st);
	if (st->probing)
		count_probe(p, st);
	if (st->before)
		p->events |= SRTP_EVENT_ROC_DOUBTFUL;
}

static bool worth_another_look(const struct srtp_packet *p)
{
	const struct srtp_stream *st = p->work.stream;

	return p->other || (p->status != SRTP_MALFORMED && (!st || st->probing || st->before));
}

static void finish_receive(struct srtp *s, struct srtp_packet *p)
{
	if (!p->work.ok && p->work.keep)
		p->work.ok = try_again(s, p);
	p->index = p->work.index;
	if (p->work.ok)
		commit(s, p);
	else if (p->status == SRTP_OK)
		p->status = SRTP_AUTH_FAILED;
}

void srtp_batch_unprotect(struct srtp *s, struct srtp_packet *packets, unsigned int count,
			  uint64_t now_ns)
{
	struct srtp_packet *list[SRTP_BATCH_MAX];
	unsigned int n = 0;

	s->now_ms = (uint32_t)(now_ns / 1000000u);
	prefetch(s, packets, count);
	for (unsigned int i = 0; i < count; i++) {
		struct srtp_packet *p = &packets[i];

		p->events = 0;
		p->used_other = false;
		p->work.ok = false;
		p->work.stream = NULL;
		if (prepare_receive(s, p))
			list[n++] = p;
		p->work.keep = worth_another_look(p);
	}
	if (n)
		s->ops->open(s->engine, list, n);
	for (unsigned int i = 0; i < count; i++)
		finish_receive(s, &packets[i]);
}
