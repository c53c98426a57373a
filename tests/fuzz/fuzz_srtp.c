/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any packets through SRTP, in batches of many contexts. Input: engine, first suite, flags, MKI; then records of a packet
 * each: context, what to do with it, bytes of it (2), and the bytes. Packets end where a page begins that cannot be
 * touched, because most of what reads them is assembly that no sanitizer sees. What must hold: nothing is touched behind a
 * packet and its room; what is refused is left as it was when it was to be sent; what was secured can be opened.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "fuzz.h"
#include "srtp_engine.h"

#define CONTEXTS 16u
#define PACKETS 16u
#define PACKET_MAX 2048u
#define SLOT_BYTES 4096u /* a page, and one behind that cannot be touched */

enum what {
	OPEN, /* as it is */
	PROTECT, /* with too little room sometimes */
	ROUND_TRIP, /* secured, then opened */
	OPEN_CHANGED, /* secured, then a byte of it changed */
	WHATS
};

#define RTCP 0x10u
#define OTHER 0x20u
#define RENEW 0x40u
#define LAST 0x80u /* of a batch */

struct record {
	uint8_t context, what, change_at;
	uint16_t len;
	uint8_t plain[PACKET_MAX];
};

struct world {
	const uint8_t *head;
	struct srtp *s;
	struct srtp_context *tx[CONTEXTS], *rx[CONTEXTS];
	struct rw_srtp_stream published[CONTEXTS][2][RW_SSRC_SLOTS];
	unsigned int count;
	uint64_t now_ns;
	struct record records[PACKETS];
};

static uint8_t *slots;

static void must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void map_slots(void)
{
	slots = mmap(NULL, PACKETS * 2 * SLOT_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(slots != MAP_FAILED, "memory");
	for (unsigned int i = 0; i < PACKETS; i++)
		must(mprotect(slots + (2 * i + 1) * SLOT_BYTES, SLOT_BYTES, PROT_NONE) == 0,
		     "guard page");
}

/* Place for so many bytes that end where the guard begins. */
static uint8_t *place(unsigned int slot, unsigned int bytes)
{
	return slots + (2 * slot + 1) * SLOT_BYTES - bytes;
}

static struct rw_srtp_key make_key(const uint8_t head[static 4], unsigned int i)
{
	static const uint8_t mki_bytes[] = { 0, 0, 1, 4, 8, 9, 128, 0 };
	struct rw_srtp_key key = { .suite =
					   (uint8_t)(1 + (head[1] + i) % (RW_SRTP_SUITE_MAX - 1)) };
	const struct rw_srtp_suite_info *info = rw_srtp_suite_info(key.suite);

	key.flags = (head[2] >> i % 3) & RW_SRTP_FLAGS_ALL;
	if (info->cipher == RW_SRTP_CIPHER_GCM)
		key.flags &= (uint8_t)~RW_SRTP_UNAUTHENTICATED_SRTP;
	key.mki_bytes = mki_bytes[(head[3] + i) % 8];
	key.mki = key.mki_bytes ? 0x5a : 0;
	memset(key.key, (int)i + 1, (size_t)info->key_bytes + info->salt_bytes);
	must(rw_srtp_key_valid(&key), "key is valid");
	return key;
}

/* Engines are kept, contexts are new for each input. */
static struct srtp *engine_of(const uint8_t head[static 4])
{
	static struct srtp *engines[2];
	unsigned int nth = head[0] & 1;

	if (!engines[nth])
		must(srtp_new(nth ? SRTP_ENGINE_LIBSRTP2 : SRTP_ENGINE_AUTO, 2 * CONTEXTS,
			      SRTP_WINDOW_MIN, &engines[nth]) == 0,
		     "engine");
	return engines[nth];
}

/* Both directions of a context, made when they are needed first. False when the engine does not have the suite. */
static bool have_context(struct world *w, unsigned int i)
{
	struct rw_srtp_key key = make_key(w->head, i);

	if (w->tx[i])
		return true;
	if (srtp_context_new(w->s, SRTP_SEND, &key, NULL, w->published[i][0], &w->tx[i]) < 0) {
		w->tx[i] = NULL;
		return false;
	}
	must(srtp_context_new(w->s, SRTP_RECEIVE, &key, NULL, w->published[i][1], &w->rx[i]) == 0,
	     "what can be sent can be received");
	return true;
}

static void close_contexts(struct world *w)
{
	for (unsigned int i = 0; i < CONTEXTS; i++) {
		srtp_context_free(w->s, w->tx[i]);
		srtp_context_free(w->s, w->rx[i]);
	}
}

/* Secures records that ask for it. */
static void protect(struct world *w, struct srtp_packet *x)
{
	struct srtp_packet batch[PACKETS];
	unsigned int from[PACKETS], n = 0;

	for (unsigned int i = 0; i < w->count; i++) {
		const struct record *r = &w->records[i];
		enum srtp_kind kind = r->what & RTCP ? SRTP_RTCP : SRTP_RTP;
		unsigned int room = srtp_trailer_bytes(w->tx[r->context], kind);

		if (r->what % WHATS == OPEN)
			continue;
		room = room < 4 ? 4 : room;
		if (r->what % WHATS == PROTECT)
			room -= r->change_at % 4 == 0;
		batch[n] = (struct srtp_packet){ .context = w->tx[r->context],
						 .data = place(i, r->len + room),
						 .len_bytes = r->len,
						 .room_bytes = (uint16_t)room,
						 .rtcp = r->what & RTCP };
		memcpy(batch[n].data, r->plain, r->len);
		from[n++] = i;
	}
	srtp_batch_protect(w->s, batch, n);
	for (unsigned int k = 0; k < n; k++) {
		const struct record *r = &w->records[from[k]];

		must(batch[k].len_bytes <= r->len + batch[k].room_bytes, "stays in its room");
		if (batch[k].status != SRTP_OK)
			must(batch[k].len_bytes == r->len &&
				     memcmp(batch[k].data, r->plain, r->len) == 0,
			     "refused and unchanged");
		x[from[k]] = batch[k];
	}
}

static void check_opened(const struct record *r, const struct srtp_packet *p)
{
	if (p->status != SRTP_OK || r->what % WHATS != ROUND_TRIP)
		return;
	must(p->len_bytes == r->len, "as long as before");
	/* numbers may be others */
	must(r->len < 4 || memcmp(p->data + 4, r->plain + 4, r->len - 4u) == 0, "as before");
}

static void unprotect(struct world *w, struct srtp_packet *x)
{
	struct srtp_packet batch[PACKETS];
	unsigned int from[PACKETS], n = 0;

	for (unsigned int i = 0; i < w->count; i++) {
		const struct record *r = &w->records[i];
		bool sealed = r->what % WHATS != OPEN;
		const uint8_t *data = sealed ? x[i].data : r->plain;
		uint16_t len = sealed ? x[i].len_bytes : r->len;

		if (r->what % WHATS == PROTECT || (sealed && x[i].status != SRTP_OK))
			continue;
		batch[n] = (struct srtp_packet){ .context = w->rx[r->context],
						 .data = place(i, len),
						 .len_bytes = len,
						 .rtcp = r->what & RTCP };
		if (r->what & OTHER && have_context(w, (r->context + 1) % CONTEXTS))
			batch[n].other = w->rx[(r->context + 1) % CONTEXTS];
		memmove(batch[n].data, data, len);
		if (r->what % WHATS == OPEN_CHANGED)
			batch[n].data[(unsigned int)r->change_at * 8 % len] ^= 0x11;
		if (r->what & RENEW)
			srtp_context_renewed(w->s, w->rx[r->context]);
		from[n++] = i;
	}
	srtp_batch_unprotect(w->s, batch, n, w->now_ns += 30000000);
	for (unsigned int k = 0; k < n; k++)
		check_opened(&w->records[from[k]], &batch[k]);
}

static void run_batch(struct world *w)
{
	struct srtp_packet x[PACKETS];

	protect(w, x);
	unprotect(w, x);
	w->count = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;

	if (!slots)
		map_slots();
	if (size < 4)
		return 0;
	memset(&w, 0, offsetof(struct world, records));
	w.head = data;
	w.s = engine_of(data);
	for (data += 4, size -= 4; size >= 4;) {
		struct record *r = &w.records[w.count];
		uint16_t len = (uint16_t)((data[2] << 8 | data[3]) % (PACKET_MAX + 1));

		r->context = data[0] % CONTEXTS;
		r->what = data[1];
		r->change_at = data[0] >> 2;
		r->len = len < size - 4 ? len : (uint16_t)(size - 4);
		memcpy(r->plain, data + 4, r->len);
		data += 4u + r->len;
		size -= 4u + r->len;
		w.count += have_context(&w, r->context);
		if (w.count == PACKETS || r->what & LAST)
			run_batch(&w);
	}
	run_batch(&w);
	close_contexts(&w);
	return 0;
}
