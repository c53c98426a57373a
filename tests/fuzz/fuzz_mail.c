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
	must(rw_flow_spec_check(&s, &w->b->path.config.limits) == RW_FLOW_ERR_OK, "spec is valid");
	return s;
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
		bench_run_rtp(w->b, peers[r[5] % PEERS], locals[r[1] % PORTS], r[3]);
		return;
	default:
		bench_run_rtp(w->b, peers[r[5] % PEERS], locals[r[1] % PORTS], r[3]);
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
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { .b = bench_new(0, 1) };

	must(w.b != NULL, "memory for the bench");
	for (unsigned int i = 1; i < ADJS; i++)
		bench_adj_ready(w.b, i, 0, 1500);
	for (; size >= RECORD_BYTES; data += RECORD_BYTES, size -= RECORD_BYTES)
		run_record(&w, data);
	delete_all(&w);
	bench_free(w.b);
	return 0;
}
