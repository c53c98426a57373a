/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets for the worker under test and what becomes of them (pipe.h). Program's only thread.
 *
 * Calls speak in a shuffled order, one packet each in turn, PIPE_PACKETS together. This core writes them just before, as
 * if a NIC had put them into the cache.
 */
#include <stdlib.h>

#include <rte_cycles.h>

#include "rtpwire/bytes.h"
#include "rtpwire/demux.h"

#include "pipe_relay.h"

#define PAYLOAD_TYPE 8u
#define SAMPLES 160u
#define LOG_MAX 4096u

/* What the other end of a flow knows. */
struct phone {
	struct encap encap; /* headers of packets to the relay */
	uint32_t sent; /* packets; its low half is the next sequence number */
	struct srtp_context *seals, *opens; /* NULL: it speaks, or hears, plain RTP */
};

struct pipe {
	struct relay relay;
	struct phone *phones;
	uint32_t *order;
	uint32_t next; /* place in order */
	struct srtp *srtp; /* the phones' */
	struct srtp_packet work[SRTP_BATCH_MAX];
	struct rte_mbuf *frames[PIPE_PACKETS];
	uint32_t flow_of[PIPE_PACKETS]; /* that frame n is for */
};

uint64_t pipe_tsc_hz(void)
{
	return rte_get_tsc_hz();
}

/* --- opening --- */

static int make_phone(struct pipe *p, uint32_t i)
{
	struct adj_view link = { .dst_mac = { 2, 0, 0, 0, 1, 0 },
				 .src_mac = { 2, 0, 0, 0, 0, (uint8_t)(i % RELAY_PEERS) } };
	struct rw_endpoint here = relay_peer(&p->relay, i), there = relay_local(&p->relay, i);
	struct rw_srtp_key seals = relay_key(&p->relay, i, false);
	struct rw_srtp_key opens = relay_key(&p->relay, i, true);
	struct phone *phone = &p->phones[i];
	int rc = 0;

	encap_build(&phone->encap, &link, &here, &there, 0);
	if (seals.suite)
		rc = srtp_context_new(p->srtp, SRTP_SEND, &seals, NULL, NULL, &phone->seals);
	if (rc == 0 && opens.suite)
		rc = srtp_context_new(p->srtp, SRTP_RECEIVE, &opens, NULL, NULL, &phone->opens);
	return rc;
}

static int make_phones(struct pipe *p)
{
	uint32_t count = p->relay.flow_count;

	p->phones = calloc(count, sizeof(*p->phones));
	p->order = calloc(p->relay.what.flows, sizeof(*p->order));
	if (!p->phones || !p->order ||
	    srtp_new(SRTP_ENGINE_AUTO, 2 * count, SRTP_WINDOW_MIN, &p->srtp) < 0)
		return -1;
	bench_shuffle(p->order, p->relay.what.flows);
	for (uint32_t i = 0; i < count; i++)
		if (make_phone(p, i) < 0)
			return -1;
	return 0;
}

/* --- packets in --- */

static void write_rtp(struct pipe *p, unsigned int n)
{
	uint32_t i = p->order[p->next], bytes = p->relay.what.bytes;
	struct rte_mbuf *m = p->frames[n];
	struct phone *phone = &p->phones[i];
	uint8_t *rtp;

	p->next = (p->next + 1) % p->relay.what.flows;
	p->flow_of[n] = i;
	rte_pktmbuf_reset(m);
	m->data_off = RTE_PKTMBUF_HEADROOM + ENCAP_BYTES;
	rtp = rte_pktmbuf_mtod(m, uint8_t *);
	rtp[0] = 0x80;
	rtp[1] = PAYLOAD_TYPE;
	rw_store_be16(rtp + 2, (uint16_t)phone->sent);
	rw_store_be32(rtp + 4, phone->sent * SAMPLES);
	rw_store_be32(rtp + 8, i);
	rw_store_be32(rtp + 12, phone->sent);
	memset(rtp + 16, 0xd5, bytes - 16);
	m->data_len = (uint16_t)bytes;
	phone->sent++;
}

static bool seal(struct pipe *p, unsigned int from, unsigned int count)
{
	for (unsigned int n = 0; n < count; n++) {
		struct rte_mbuf *m = p->frames[from + n];

		p->work[n] = (struct srtp_packet){ .context = p->phones[p->flow_of[from + n]].seals,
						   .data = rte_pktmbuf_mtod(m, uint8_t *),
						   .len_bytes = m->data_len,
						   .room_bytes = rte_pktmbuf_tailroom(m) };
	}
	srtp_batch_protect(p->srtp, p->work, count);
	for (unsigned int n = 0; n < count; n++) {
		if (p->work[n].status != SRTP_OK)
			return false;
		p->frames[from + n]->data_len = p->work[n].len_bytes;
	}
	return true;
}

static void frame(struct pipe *p, unsigned int n)
{
	struct rte_mbuf *m = p->frames[n];
	uint8_t *payload = rte_pktmbuf_mtod(m, uint8_t *), *start;

	start = encap_paste(&p->phones[p->flow_of[n]].encap, payload, m->data_len);
	m->data_off = (uint16_t)(start - (uint8_t *)m->buf_addr);
	m->data_len = (uint16_t)(m->data_len + (payload - start));
	m->pkt_len = m->data_len;
}

static bool load(struct pipe *p)
{
	bool secured = p->phones[0].seals != NULL;

	if (rte_pktmbuf_alloc_bulk(p->relay.pool, p->frames, PIPE_PACKETS) < 0)
		return false;
	for (unsigned int n = 0; n < PIPE_PACKETS; n++)
		write_rtp(p, n);
	for (unsigned int n = 0; secured && n < PIPE_PACKETS; n += SRTP_BATCH_MAX)
		if (!seal(p, n, SRTP_BATCH_MAX))
			return false;
	for (unsigned int n = 0; n < PIPE_PACKETS; n++)
		frame(p, n);
	return rte_ring_enqueue_bulk(p->relay.rx, (void **)p->frames, PIPE_PACKETS, NULL) ==
	       PIPE_PACKETS;
}

/* --- packets out --- */

/* Opens a packet that flow i has sent. Returns its bytes, 0 if it is not genuine. */
static uint16_t open_one(struct pipe *p, uint32_t i, uint8_t *payload, uint16_t bytes)
{
	struct srtp_packet *s = &p->work[0];

	if (!p->phones[i].opens)
		return bytes;
	*s = (struct srtp_packet){ .context = p->phones[i].opens,
				   .data = payload,
				   .len_bytes = bytes };
	srtp_batch_unprotect(p->srtp, s, 1, 1);
	return s->status == SRTP_OK ? s->len_bytes : 0;
}

/* The RTP packet that the partner of flow i was sent, byte for byte; only its number is not looked at. */
static bool is_right_rtp(const struct pipe *p, uint32_t i, const uint8_t *rtp, uint16_t bytes)
{
	uint32_t number = rw_load_be32(rtp + 12);

	if (bytes != p->relay.what.bytes || rtp[0] != 0x80 || rtp[1] != PAYLOAD_TYPE ||
	    rw_load_be16(rtp + 2) != (uint16_t)number ||
	    rw_load_be32(rtp + 4) != number * SAMPLES || rw_load_be32(rtp + 8) != relay_partner(i))
		return false;
	for (uint16_t n = 16; n < bytes; n++)
		if (rtp[n] != 0xd5)
			return false;
	return true;
}

/* A frame from the relay to the phone of flow i, whichever that is. */
static bool is_right(struct pipe *p, struct rte_mbuf *m)
{
	bool ip4 = p->relay.what.family == RW_FAMILY_IP4;
	uint32_t udp_at = ip4 ? 14 + 20 : 14 + 40, i;
	uint8_t *at = rte_pktmbuf_mtod(m, uint8_t *), *udp = at + udp_at;
	struct rw_endpoint peer;
	uint16_t bytes;

	if (m->data_len < udp_at + 8 + PIPE_BYTES_MIN)
		return false;
	i = (rw_load_be16(udp) - p->relay.limits.port_min) / 2u;
	if (i >= p->relay.flow_count)
		return false;
	peer = relay_peer(&p->relay, i);
	if (memcmp(udp + 2, &peer.port_be, 2) != 0 ||
	    memcmp(udp - (ip4 ? 4 : 16), peer.ip.bytes, ip4 ? 4 : 16) != 0 ||
	    rw_load_be16(udp + 4) != m->data_len - udp_at)
		return false;
	bytes = open_one(p, i, udp + 8, (uint16_t)(m->data_len - udp_at - 8));
	return is_right_rtp(p, i, udp + 8, bytes);
}

/* Takes what the worker has sent. 0, or -1 after a message: all must be there, and right if looked at. */
static int unload(struct pipe *p, bool look)
{
	unsigned int n =
		rte_ring_dequeue_burst(p->relay.tx, (void **)p->frames, PIPE_PACKETS, NULL);
	unsigned int wrong = 0;

	for (unsigned int i = 0; look && i < n; i++)
		wrong += !is_right(p, p->frames[i]);
	rte_pktmbuf_free_bulk(p->frames, n);
	if (n == PIPE_PACKETS && wrong == 0)
		return 0;
	fprintf(stderr,
		"rtpwire-bench: of %u packets the worker sent %u, %u of them wrong, and dropped "
		"%llu\n",
		PIPE_PACKETS, n, wrong, (unsigned long long)relay_drops(&p->relay));
	return -1;
}

/* --- measuring --- */

/* Cycles of PIPE_PACKETS, each time. */
struct log {
	unsigned int count;
	double cycles[LOG_MAX];
	double stage_cycles[PIPE_STAGES_MAX][LOG_MAX];
};

static uint64_t run_turns(struct pipe *p)
{
	uint64_t start = rte_rdtsc();

	for (unsigned int n = 0; n < PIPE_PACKETS; n += BATCH_MAX)
		worker_turn(p->relay.worker);
	return rte_rdtsc() - start;
}

static const char *stage_names[PATH_STAGES + 3];

const char *const *pipe_stages(void)
{
	_Static_assert(PATH_STAGES + 2 <= PIPE_STAGES_MAX, "all stages have a place");
	stage_names[0] = "rx";
	for (unsigned int i = 0; i < PATH_STAGES; i++)
		stage_names[i + 1] = path_stages[i].name;
	stage_names[PATH_STAGES + 1] = "tx";
	return stage_names;
}

/* What a turn does with a burst, with a look at the TSC between stages. */
static void run_stages(struct pipe *p, uint64_t *cycles)
{
	struct worker *w = p->relay.worker;
	uint64_t then = rte_rdtsc(), now;

	w->path.now = rtp_arrival(clock_now(&w->clock, then));
	stage_rx(w, &w->config.queues[0]);
	for (unsigned int i = 0; i < PATH_STAGES; i++) {
		now = rte_rdtsc();
		*cycles++ += now - then;
		then = now;
		path_stages[i].run(&w->path, &w->batch);
	}
	now = rte_rdtsc();
	*cycles++ += now - then;
	stage_tx(w);
	*cycles += rte_rdtsc() - now;
}

/* PIPE_PACKETS in turns, and as many stage by stage. 0 or -1. */
static int measure_once(struct pipe *p, struct log *log)
{
	uint64_t stage_cycles[PIPE_STAGES_MAX] = { 0 };

	if (!load(p))
		return -1;
	log->cycles[log->count] = (double)run_turns(p);
	if (unload(p, false) < 0 || !load(p))
		return -1;
	for (unsigned int n = 0; n < PIPE_PACKETS; n += BATCH_MAX)
		run_stages(p, stage_cycles);
	if (unload(p, false) < 0)
		return -1;
	for (unsigned int i = 0; i < PIPE_STAGES_MAX; i++)
		log->stage_cycles[i][log->count] = (double)stage_cycles[i];
	log->count++;
	return 0;
}

int pipe_measure(struct pipe *p, uint64_t time_ns, struct pipe_sample *out)
{
	double limit = (double)time_ns * (double)pipe_tsc_hz() / 1e9, used = 0;
	static struct log log;

	for (log.count = 0; used < limit && log.count < LOG_MAX;) {
		if (measure_once(p, &log) < 0)
			return -1;
		used += log.cycles[log.count - 1];
	}
	out->packets = (uint64_t)log.count * PIPE_PACKETS;
	out->cycles = bench_median(log.cycles, log.count) / PIPE_PACKETS;
	for (unsigned int i = 0; i < PIPE_STAGES_MAX; i++)
		out->stage_cycles[i] = bench_median(log.stage_cycles[i], log.count) / PIPE_PACKETS;
	return 0;
}

/* A packet or more for each flow, all of which are looked at. */
static int try_all(struct pipe *p)
{
	for (uint32_t n = 0; n < p->relay.what.flows; n += PIPE_PACKETS) {
		if (!load(p))
			return -1;
		run_turns(p);
		if (unload(p, true) < 0)
			return -1;
	}
	return 0;
}

int pipe_open(const struct pipe_case *what, struct pipe **out)
{
	struct pipe *p = calloc(1, sizeof(*p));

	if (p && relay_open(&p->relay, what) == 0 && make_phones(p) == 0 && try_all(p) == 0) {
		*out = p;
		return 0;
	}
	fputs("rtpwire-bench: the worker cannot be measured\n", stderr);
	pipe_close(p);
	return -1;
}

void pipe_close(struct pipe *p)
{
	if (!p)
		return;
	for (uint32_t i = 0; p->phones && i < p->relay.flow_count; i++) {
		srtp_context_free(p->srtp, p->phones[i].seals);
		srtp_context_free(p->srtp, p->phones[i].opens);
	}
	srtp_free(p->srtp);
	free(p->phones);
	free(p->order);
	relay_close(&p->relay);
	free(p);
}
