/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any order of mails and packets. Input: records of 12 bytes. What must hold: each command is answered
 * once, and each adjacency reference comes back once.
 */
#include <stdlib.h>

#include "bench.h"
#include "fuzz.h"

#define RECORD_BYTES 12
#define PORTS 6
#define PEERS 6
#define ADJS 8u
#define KEYS 4u /* 0: none */

static const char *const peers[PEERS] = { "198.51.100.1:4000", "198.51.100.2:4000",
					  "203.0.113.1:5000",  "203.0.113.2:5000",
					  "0.0.0.0:9",	       "192.0.2.1:8000" };
static const char *const locals[PORTS] = { "192.0.2.1:8000", "192.0.2.1:8001", "192.0.2.1:8002",
					   "192.0.2.1:8003", "192.0.2.1:8004", "192.0.2.1:8005" };

struct world {
	struct bench *b;
	int held[ADJS]; /* references that the worker has */
	struct rw_endpoint resolve[PORTS]; /* asked for last */
	unsigned int asked, answered; /* commands, ACKs */
	struct srtp_context *phones[KEYS]; /* what peers send with, by key */
};

static void must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void read_reports(struct world *w)
{
	struct report r;

	while (bench_report(w->b, &r)) {
		w->answered += r.type == REPORT_ACK;
		if (r.type == REPORT_FLOW)
			continue;
		if (r.type == REPORT_RESOLVE)
			w->resolve[rw_flow_port(r.spec.id) - BENCH_PORT_MIN] = r.spec.peer;
		must(r.adj < ADJS, "adjacency is one that was given");
		if (r.adj != ADJ_NONE)
			must(--w->held[r.adj] >= 0, "reference comes back once");
	}
}

static void send_mail(struct world *w, enum mail_type type, const struct rw_flow_spec *s,
		      uint32_t adj)
{
	if (adj != ADJ_NONE)
		w->held[adj]++;
	w->asked += type != MAIL_ADJ;
	bench_mail(w->b, type, s, adj, w->asked);
}

static struct rw_srtp_key key_of(unsigned int n)
{
	static const uint8_t suites[KEYS] = { RW_SRTP_NONE, RW_SRTP_AES_CM_128_HMAC_SHA1_80,
					      RW_SRTP_AES_CM_128_HMAC_SHA1_32,
					      RW_SRTP_AEAD_AES_128_GCM };
	struct rw_srtp_key key = { .suite = suites[n % KEYS] };

	if (key.suite)
		key.key[0] = (uint8_t)n;
	return key;
}

static struct rw_flow_spec spec_of(const struct world *w, const uint8_t r[static RECORD_BYTES])
{
	rw_flow_id out = BENCH_PORT_MIN + r[2] % PORTS;
	struct rw_flow_spec s = bench_spec(BENCH_PORT_MIN + r[1] % PORTS, out, NULL);

	s.generation = 1 + r[3] % 8;
	s.kind = r[4] % RW_FLOW_KIND_MAX;
	s.source_policy = (r[4] >> 2) % RW_SOURCE_POLICY_MAX;
	s.flags = r[4] >> 4 & RW_FLOW_FLAGS_ALL;
	if (r[5] & 0x80)
		s.source = bench_endpoint(peers[r[5] % PEERS]);
	if (r[6] & 0x80)
		s.peer = bench_endpoint(peers[r[6] % PEERS]);
	s.learn_ms = (uint16_t)(r[8] * 16);
	if (r[9] & 1)
		s.allow[s.allow_count++] = (struct rw_prefix){
			bench_endpoint(peers[r[9] % PEERS]).ip, r[10] % 33, { 0 }
		};
	s.rx = key_of(r[11] & 3);
	s.tx = key_of(r[11] >> 2 & 3);
	if (r[11] & 15) {
		s.flags = 0;
		s.kind = s.kind == RW_FLOW_OPAQUE ? RW_FLOW_MUX : s.kind;
	}
	must(rw_flow_spec_check(&s, &w->b->path.config.limits) == RW_FLOW_ERR_OK, "spec is valid");
	return s;
}

/* A packet of a phone with the key that r[11] names, or of one without. */
static void run_packet(struct world *w, const uint8_t r[static RECORD_BYTES])
{
	uint8_t frame[512], payload[256];
	struct srtp_packet p = {
		.context = w->phones[r[11] & 3], .data = payload, .len_bytes = 172, .room_bytes = 64
	};

	bench_rtp(payload, 172, 0, r[3], r[3] * 160u, 0x1234);
	if (p.context)
		srtp_batch_protect(bench_srtp(), &p, 1);
	bench_run(w->b, frame,
		  bench_frame(frame, peers[r[5] % PEERS], locals[r[1] % PORTS], payload,
			      p.len_bytes));
}

static void run_record(struct world *w, const uint8_t r[static RECORD_BYTES])
{
	struct rw_flow_spec s = spec_of(w, r);
	uint32_t adj = s.peer.ip.family ? r[7] % ADJS : ADJ_NONE;

	switch (r[0] & 7) {
	case 0:
	case 1:
		send_mail(w, MAIL_FLOW_SET, &s, adj);
		break;
	case 2:
		send_mail(w, MAIL_FLOW_DEL, &s, ADJ_NONE);
		break;
	case 3:
		s.peer = w->resolve[r[1] % PORTS];
		send_mail(w, MAIL_ADJ, &s, r[7] % ADJS);
		break;
	case 4:
		send_mail(w, MAIL_SNAPSHOT, NULL, ADJ_NONE);
		break;
	case 5:
		bench_set_time(w->b, w->b->path.now.ns + r[8] * 16000000ull);
		break;
	case 6: /* the manager is slow: its ring stays as it is */
		run_packet(w, r);
		return;
	default:
		run_packet(w, r);
		break;
	}
	read_reports(w);
}

static void delete_all(struct world *w)
{
	for (uint16_t i = 0; i < PORTS; i++) {
		struct rw_flow_spec s = { .id = BENCH_PORT_MIN + i, .generation = 100 };

		send_mail(w, MAIL_FLOW_DEL, &s, ADJ_NONE);
	}
	for (int i = 0; i < 1000 && w->answered < w->asked; i++) {
		apply(&w->b->path);
		read_reports(w);
	}
	read_reports(w);
	must(w->answered == w->asked, "each command is answered");
	must(w->b->path.table.count == 0, "no flow is left");
	for (unsigned int i = 1; i < ADJS; i++)
		must(w->held[i] == 0, "each reference comes back");
	for (unsigned int i = 1; i < KEYS; i++) {
		struct rw_srtp_key key = key_of(i);

		must(!srtp_context_find(bench_srtp(), SRTP_RECEIVE, 7, &key), "no key is left");
		must(!srtp_context_find(bench_srtp(), SRTP_SEND, 7, &key), "no key is left");
	}
}

static void make_phones(struct world *w)
{
	for (unsigned int i = 1; i < KEYS; i++) {
		struct rw_srtp_key key = key_of(i);

		must(srtp_context_new(bench_srtp(), SRTP_SEND, &key, NULL, NULL, &w->phones[i]) ==
			     0,
		     "memory for the phones");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { .b = bench_new(0, 1) };

	must(w.b != NULL, "memory for the bench");
	for (unsigned int i = 1; i < ADJS; i++)
		bench_adj_ready(w.b, i, 0, 1500);
	w.b->tailroom_bytes = SRTP_TRAILER_MAX;
	make_phones(&w);
	for (; size >= RECORD_BYTES; data += RECORD_BYTES, size -= RECORD_BYTES)
		run_record(&w, data);
	delete_all(&w);
	for (unsigned int i = 1; i < KEYS; i++)
		srtp_context_free(bench_srtp(), w.phones[i]);
	bench_free(w.b);
	return 0;
}
