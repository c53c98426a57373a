/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two real workers over rings that stand in for a NIC and an exception TAP: hand-off between workers,
 * transmission by another worker, the way to the kernel and back, commands under traffic. Starts EAL,
 * without huge pages and devices.
 *
 * All packets arrive on the queue of worker 0. Only worker 0 has a transmit queue. Flows 8000 and 8004
 * are worker 0's, 8002 and 8006 are worker 1's. Idle workers sleep without an end: if somebody forgot to wake one, a test
 * would run into its deadline.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "bench.h"
#include "rtpwire/bytes.h"
#include "rtpwire/clock.h"
#include "wake.h"
#include "worker.h"

#define WORKERS 2
#define RING_SLOTS 1024
#define PACKETS 4000u
#define IN_FLIGHT 256u /* no ring overflows, however the threads are scheduled */
#define DEADLINE_S 20

enum { NIC, TAP, PORTS };

struct stage_of_test {
	struct rte_mempool *pool;
	struct rte_ring *nic_rx[WORKERS], *nic_tx, *tap_rx, *tap_tx;
	struct rte_ring *handoff[WORKERS][WORKERS], *tx[WORKERS][WORKERS]; /* [from][to] */
	struct bench *b[WORKERS]; /* for rings, statistics and adjacencies; b[0]'s are shared */
	struct worker *worker[WORKERS];
	pthread_t thread[WORKERS];
	struct wake wake[WORKERS];
	int packets_fd; /* an eventfd: readable while packets may be in the rings of ports, as a socket would be */
	uint16_t ethdev[PORTS];
	atomic_bool stop;
};

static struct stage_of_test t;

static struct rte_ring *new_ring(const char *name, int from, int to)
{
	char full[32];
	struct rte_ring *r;

	snprintf(full, sizeof(full), "%s_%d_%d", name, from, to);
	r = rte_ring_create(full, RING_SLOTS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	assert_non_null(r);
	return r;
}

static uint16_t new_port(const char *name, struct rte_ring **rx, unsigned int rx_count,
			 struct rte_ring *tx)
{
	struct rte_eth_conf conf = { 0 };
	int port = rte_eth_from_rings(name, rx, rx_count, &tx, 1, 0);

	assert_true(port >= 0);
	assert_int_equal(rte_eth_dev_configure((uint16_t)port, (uint16_t)rx_count, 1, &conf), 0);
	for (uint16_t q = 0; q < rx_count; q++)
		assert_int_equal(rte_eth_rx_queue_setup((uint16_t)port, q, 64, 0, NULL, t.pool), 0);
	assert_int_equal(rte_eth_tx_queue_setup((uint16_t)port, 0, 64, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start((uint16_t)port), 0);
	return (uint16_t)port;
}

static void make_ports(void)
{
	t.pool = rte_pktmbuf_pool_create("pool", 8191, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	assert_non_null(t.pool);
	for (int i = 0; i < WORKERS; i++) {
		t.nic_rx[i] = new_ring("nic_rx", i, 0);
		for (int j = 0; j < WORKERS; j++) {
			t.handoff[i][j] = i == j ? NULL : new_ring("handoff", i, j);
			t.tx[i][j] = i == j ? NULL : new_ring("tx", i, j);
		}
	}
	t.nic_tx = new_ring("nic_tx", 0, 0);
	t.tap_rx = new_ring("tap_rx", 0, 0);
	t.tap_tx = new_ring("tap_tx", 0, 0);
	t.ethdev[NIC] = new_port("nic", t.nic_rx, WORKERS, t.nic_tx);
	t.ethdev[TAP] = new_port("tap", &t.tap_rx, 1, t.tap_tx);
}

static void new_worker(unsigned int index)
{
	struct bench *b = t.b[index];
	struct worker_config c = { .index = index,
				   .limits = b->path.config.limits,
				   .port_count = PORTS,
				   .adj = t.b[0]->adj,
				   .pool = t.pool,
				   .mailbox = b->mailbox,
				   .reports = b->reports,
				   .punts = b->punts,
				   .stats = b->stats,
				   .flow_stats = t.b[0]->flow_stats,
				   .adaptive = true,
				   .rest_ms = -1,
				   .stop = &t.stop };
	uint16_t tx_queue = index == 0 ? 0 : WORKER_NO_QUEUE;

	c.ports[NIC] = (struct worker_port){ .ethdev = t.ethdev[NIC],
					     .tx_queue = tx_queue,
					     .bypass_port = TAP };
	c.ports[TAP] = (struct worker_port){ .ethdev = t.ethdev[TAP],
					     .tx_queue = tx_queue,
					     .bypass_port = NIC,
					     .frame_max = 1522,
					     .bypass_all = true };
	c.queues[c.queue_count++] =
		(struct worker_queue){ t.ethdev[NIC], (uint16_t)index, NIC, t.packets_fd };
	if (index == 0)
		c.queues[c.queue_count++] =
			(struct worker_queue){ t.ethdev[TAP], 0, TAP, t.packets_fd };
	for (unsigned int other = 0; other < WORKERS; other++) {
		c.handoff_in[other] = t.handoff[other][index];
		c.handoff_out[other] = t.handoff[index][other];
		c.tx_in[other] = t.tx[other][index];
		c.tx_out[other] = t.tx[index][other];
		c.wake[other] = &t.wake[other];
	}
	assert_int_equal(worker_new(&c, &t.worker[index]), 0);
}

static void *run_worker(void *arg)
{
	worker_run(arg);
	return NULL;
}

static int start_all(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < WORKERS; i++) {
		t.b[i] = bench_new(i, WORKERS);
		assert_non_null(t.b[i]);
	}
	bench_adj_ready(t.b[0], 1, 0, 1500);
	t.packets_fd = eventfd(0, EFD_NONBLOCK);
	for (unsigned int i = 0; i < WORKERS; i++)
		t.wake[i].fd = eventfd(0, EFD_NONBLOCK);
	make_ports();
	for (unsigned int i = 0; i < WORKERS; i++)
		new_worker(i);
	for (unsigned int i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&t.thread[i], NULL, run_worker, t.worker[i]), 0);
	return 0;
}

static int stop_all(void **state)
{
	(void)state;
	atomic_store(&t.stop, true);
	for (unsigned int i = 0; i < WORKERS; i++) {
		wake_up(&t.wake[i]);
		pthread_join(t.thread[i], NULL);
	}
	for (unsigned int i = 0; i < WORKERS; i++) {
		worker_free(t.worker[i]);
		bench_free(t.b[i]);
	}
	return 0;
}

static void wait_a_little(void)
{
	struct timespec ts = { .tv_nsec = 50000 };
	eventfd_t any;

	if (rte_ring_empty(t.nic_rx[0]) && rte_ring_empty(t.nic_rx[1]) && rte_ring_empty(t.tap_rx))
		eventfd_read(t.packets_fd, &any);
	nanosleep(&ts, NULL);
}

static void command(unsigned int worker, enum mail_type type, const struct rw_flow_spec *s)
{
	struct mail m = { .type = type, .adj = ADJ_NONE, .seq = s->id, .spec = *s };
	uint64_t deadline = rw_monotonic_ns() + DEADLINE_S * 1000000000ull;
	struct report r;

	if (type == MAIL_FLOW_SET)
		m.adj = 1;
	assert_int_equal(rw_ring_push(t.b[worker]->mailbox, MAIL_SLOT_BYTES, MAIL_SLOTS, &m,
				      sizeof(m)),
			 0);
	wake_up(&t.wake[worker]);
	while (!bench_report(t.b[worker], &r)) {
		assert_true(rw_monotonic_ns() < deadline);
		wait_a_little();
	}
	assert_int_equal(r.type, REPORT_ACK);
	assert_int_equal(r.status, RW_ACK_OK);
	assert_int_equal(r.seq, s->id);
}

static void set_flow(uint16_t port, uint16_t out)
{
	struct rw_flow_spec s = bench_spec(port, out, "198.51.100.1:4000");

	s.source_policy = RW_SOURCE_STRICT;
	s.peer.port_be = htons(port); /* so that a frame tells by which flow it left */
	command(rw_shard(port, WORKERS), MAIL_FLOW_SET, &s);
}

static void feed(struct rte_ring *ring, const uint8_t *frame, uint32_t bytes)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(t.pool);

	assert_non_null(m);
	memcpy(rte_pktmbuf_append(m, (uint16_t)bytes), frame, bytes);
	while (rte_ring_enqueue(ring, m) < 0)
		wait_a_little();
	eventfd_write(t.packets_fd, 1);
}

static void feed_rtp(const char *local, uint16_t seq)
{
	uint8_t frame[512], payload[172];

	bench_rtp(payload, sizeof(payload), 0, seq, seq * 160u, 1);
	feed(t.nic_rx[0], frame, bench_frame(frame, "198.51.100.1:4000", local, payload, 172));
}

/* Counts what leaves, by the flow it left by; returns packets found. */
static unsigned int collect(unsigned int by_flow[static 4], uint16_t next_seq[static 4])
{
	unsigned int n = 0;
	struct rte_mbuf *m;

	while (rte_ring_dequeue(t.nic_tx, (void **)&m) == 0) {
		const uint8_t *frame = rte_pktmbuf_mtod(m, const uint8_t *);
		unsigned int flow = (rw_load_be16(frame + 36) - 8000u) / 2;

		assert_int_equal(m->pkt_len, 42 + 172);
		assert_true(flow < 4);
		assert_int_equal(rw_load_be16(frame + 34), 8000 + flow * 2);
		assert_int_equal(rw_load_be16(frame + 44), next_seq[flow]); /* in order */
		next_seq[flow]++;
		by_flow[flow]++;
		rte_pktmbuf_free(m);
		n++;
	}
	return n;
}

static uint64_t total(enum rw_worker_counter counter)
{
	return t.b[0]->stats->counters[counter] + t.b[1]->stats->counters[counter];
}

static void expect_no_drops(void)
{
	for (unsigned int i = 0; i < RW_DROP_MAX; i++)
		assert_int_equal(t.b[0]->stats->drops[i] + t.b[1]->stats->drops[i], 0);
}

static void wait_asleep(void)
{
	uint64_t deadline = rw_monotonic_ns() + DEADLINE_S * 1000000000ull;

	for (unsigned int i = 0; i < WORKERS; i++) {
		while (!atomic_load(&t.wake[i].asleep)) {
			assert_true(rw_monotonic_ns() < deadline);
			wait_a_little();
		}
	}
}

static void test_relay_with_handoff(void **state)
{
	static const char *const locals[] = { "192.0.2.1:8000", "192.0.2.1:8002", "192.0.2.1:8004",
					      "192.0.2.1:8006" };
	uint64_t deadline = rw_monotonic_ns() + DEADLINE_S * 1000000000ull;
	unsigned int by_flow[4] = { 0 }, got = 0;
	uint16_t next_seq[4] = { 0 };

	(void)state;
	set_flow(8000, 8004);
	set_flow(8004, 8000);
	set_flow(8002, 8006);
	set_flow(8006, 8002);
	for (unsigned int i = 0; i < PACKETS; i++) {
		feed_rtp(locals[i % 4], (uint16_t)(i / 4));
		while (i + 1 - got >= IN_FLIGHT && rw_monotonic_ns() < deadline)
			got += collect(by_flow, next_seq);
	}
	while (got < PACKETS && rw_monotonic_ns() < deadline) {
		wait_a_little();
		got += collect(by_flow, next_seq);
	}
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(by_flow[i], PACKETS / 4);
	wait_asleep(); /* counters follow the packets by a moment */
	expect_no_drops();
	assert_int_equal(t.b[0]->stats->counters[RW_COUNT_handoff_out], PACKETS / 2);
	assert_int_equal(t.b[1]->stats->counters[RW_COUNT_handoff_in], PACKETS / 2);
	assert_int_equal(t.b[1]->stats->counters[RW_COUNT_tx_handoff], PACKETS / 2);
	assert_int_equal(t.b[0]->stats->counters[RW_COUNT_tx_packets], PACKETS);
	assert_int_equal(t.b[0]->stats->counters[RW_COUNT_tx_bytes], PACKETS * 214);
	assert_int_equal(t.b[0]->stats->counters[RW_COUNT_rx_packets], PACKETS);
	assert_int_equal(total(RW_COUNT_commands), 4);
}

static void test_time(void **state)
{
	const struct rw_flow_stats *s = &t.b[0]->flow_stats[2];
	uint64_t now = rw_monotonic_ns();

	(void)state;
	assert_int_equal(s->rx_packets, PACKETS / 4);
	assert_true(s->rx_last_ns <= now + 1000000 && s->rx_last_ns + 60000000000ull > now);
	assert_true(t.b[1]->stats->heartbeat_ns <= now + 1000000);
	assert_true(t.b[1]->stats->heartbeat_ns + 5000000000ull > now);
}

static struct rte_mbuf *wait_for(struct rte_ring *ring)
{
	uint64_t deadline = rw_monotonic_ns() + DEADLINE_S * 1000000000ull;
	struct rte_mbuf *m = NULL;

	while (rte_ring_dequeue(ring, (void **)&m) < 0) {
		assert_true(rw_monotonic_ns() < deadline);
		wait_a_little();
	}
	return m;
}

static void test_kernel_path(void **state)
{
	uint8_t frame[128], payload[30] = "OPTIONS sip:relay SIP/2.0", too_long[1523] = { 0 };
	uint32_t bytes = bench_frame(frame, "198.51.100.1:5060", "192.0.2.1:5060", payload, 30);
	struct rte_mbuf *m;

	(void)state;
	feed(t.nic_rx[0], frame, bytes);
	m = wait_for(t.tap_tx);
	assert_int_equal(m->pkt_len, bytes);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *), frame, bytes);
	rte_pktmbuf_free(m);
	feed(t.nic_rx[0], too_long, sizeof(too_long)); /* stops nobody behind it */
	feed(t.nic_rx[0], frame, bytes);
	m = wait_for(t.tap_tx);
	assert_int_equal(m->pkt_len, bytes);
	rte_pktmbuf_free(m);
	assert_int_equal(t.b[0]->stats->drops[RW_DROP_mtu_exceeded], 1);
	t.b[0]->stats->drops[RW_DROP_mtu_exceeded] = 0;
	feed(t.tap_rx, frame, bytes);
	m = wait_for(t.nic_tx);
	assert_memory_equal(rte_pktmbuf_mtod(m, uint8_t *), frame, bytes);
	rte_pktmbuf_free(m);
	feed(t.nic_rx[1], frame, bytes); /* worker 1 has no queue there either */
	rte_pktmbuf_free(wait_for(t.tap_tx));
	assert_int_equal(total(RW_COUNT_kernel_packets), 4);
	expect_no_drops();
}

/* Again and again, because what may go wrong is a matter of moments. */
static void test_sleeping_workers_wake(void **state)
{
	uint64_t deadline = rw_monotonic_ns() + DEADLINE_S * 1000000000ull;
	struct rw_flow_spec s = { .id = 8002, .generation = 9 };

	(void)state;
	wait_asleep();
	command(1, MAIL_FLOW_DEL, &s);
	for (uint16_t n = 1; n <= 200; n++) {
		if (n % 2)
			wait_asleep();
		feed_rtp("192.0.2.1:8002", n); /* worker 0 takes it and hands it to worker 1 */
		while (t.b[1]->stats->drops[RW_DROP_no_flow] < n) {
			assert_true(rw_monotonic_ns() < deadline);
			wait_a_little();
		}
	}
}

static void test_buffers_come_back(void **state)
{
	uint64_t deadline = rw_monotonic_ns() + DEADLINE_S * 1000000000ull;

	(void)state;
	while (rte_mempool_in_use_count(t.pool) && rw_monotonic_ns() < deadline)
		wait_a_little();
	assert_int_equal(rte_mempool_in_use_count(t.pool), 0);
}

int main(void)
{
	static char options[][16] = { "test_worker", "--no-huge",     "-m", "64", "--no-pci",
				      "--no-shconf", "--no-telemetry" };
	char *arguments[8] = { NULL };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relay_with_handoff),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_kernel_path),
		cmocka_unit_test(test_sleeping_workers_wake),
		cmocka_unit_test(test_buffers_come_back),
	};
	int failed;

	for (int i = 0; i < 7; i++)
		arguments[i] = options[i];
	if (rte_eal_init(7, arguments) < 0) {
		fprintf(stderr, "EAL did not start: %s\n", rte_strerror(rte_errno));
		return EXIT_FAILURE;
	}
	failed = cmocka_run_group_tests(tests, start_all, stop_all);
	rte_eal_cleanup();
	return failed;
}
