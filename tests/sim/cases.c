/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sim cases: flows and final counters. make_pcaps.py says what happens on the wire.
 */
#include "sim.h"

/* Flow blocks by local port; those of the IPv6 address follow the ones of the IPv4 address. */
#define FLOW(port) (&b->flow_stats[(port)-BENCH_PORT_MIN])
#define FLOW6(port) FLOW((port) + BENCH_PORT_MAX - BENCH_PORT_MIN + 1)

#define READ(name, expression)                                                                     \
	static uint64_t read_##name(const struct bench *b)                                         \
	{                                                                                          \
		return (expression);                                                               \
	}

#define EXPECT(name, number)                                                                       \
	{                                                                                          \
#name, read_##name, number                                                         \
	}

#define ID6(port) (1u << 16 | (port))

READ(rx_8000, FLOW(8000)->rx_packets)
READ(rx_8002, FLOW(8002)->rx_packets)
READ(tx_8000, FLOW(8000)->tx_packets)
READ(tx_8002, FLOW(8002)->tx_packets)
READ(rtcp_8000, FLOW(8000)->rtcp_packets)
READ(lost_8000, rw_ssrc_lost(FLOW(8000), 0))
READ(duplicates_8000, FLOW(8000)->ssrc[0].duplicates)
READ(reordered_8000, FLOW(8000)->ssrc[0].reordered)
READ(jitter_q4_8000, FLOW(8000)->ssrc[0].jitter_q4)
READ(jitter_q4_8002, FLOW(8002)->ssrc[0].jitter_q4)
READ(ssrc_sent_8000, FLOW(8000)->tx_ssrc)
READ(refused_8000, FLOW(8000)->drops[RW_DROP_source_refused])
READ(unresolved_8002, FLOW(8002)->drops[RW_DROP_neighbour_unresolved])
READ(no_output_8002, FLOW(8002)->drops[RW_DROP_no_output])
READ(malformed_8000, FLOW(8000)->drops[RW_DROP_rtp_malformed])
READ(class_8000, FLOW(8000)->drops[RW_DROP_class_refused])
READ(tx_8006, FLOW(8006)->tx_packets)
READ(tx6_8002, FLOW6(8002)->tx_packets)
READ(too_large6_8002, FLOW6(8002)->drops[RW_DROP_mtu_exceeded])
READ(learned, b->stats->counters[RW_COUNT_learned])
READ(punts, b->stats->counters[RW_COUNT_punts])
READ(not_ours, b->stats->drops[RW_DROP_not_ours])
READ(out_of_range, b->stats->drops[RW_DROP_port_out_of_range])
READ(no_flow, b->stats->drops[RW_DROP_no_flow])
READ(ip_checksum, b->stats->drops[RW_DROP_ip_checksum])
READ(truncated, b->stats->drops[RW_DROP_truncated])

READ(auth_failed_8000, FLOW(8000)->drops[RW_DROP_srtp_auth_failed])
READ(replayed_8000, FLOW(8000)->drops[RW_DROP_srtp_replayed])
READ(roc_kept, b->stats->counters[RW_COUNT_srtp_roc_kept])
READ(renumbered, b->stats->counters[RW_COUNT_srtp_renumbered])

#define SET .type = MAIL_FLOW_SET

const struct sim_case sim_cases[] = {
	{
		.name = "call",
		.steps = { { SET, .port = 8000, .kind = RW_FLOW_MUX, .peer = "198.51.100.1:4000",
			     .out_rtp = 8002, .out_rtcp = 8003, .policy = RW_SOURCE_LEARN },
			   { SET, .port = 8002, .kind = RW_FLOW_RTP, .peer = "198.51.100.2:5000",
			     .out_rtp = 8000, .out_rtcp = RW_FLOW_NONE, .tos = 0xb8 },
			   { SET, .port = 8003, .kind = RW_FLOW_RTCP, .peer = "198.51.100.2:5001",
			     .out_rtp = RW_FLOW_NONE, .out_rtcp = 8000 } },
		.expected = { EXPECT(rx_8000, 10), EXPECT(rtcp_8000, 1), EXPECT(tx_8002, 9),
			      EXPECT(rx_8002, 8), EXPECT(tx_8000, 9), EXPECT(lost_8000, 1),
			      EXPECT(duplicates_8000, 1), EXPECT(reordered_8000, 1),
			      /* D in RTP units: 0 0 160 240 80 0 0; the duplicate is skipped */
			      EXPECT(jitter_q4_8000, 392), EXPECT(jitter_q4_8002, 0),
			      EXPECT(ssrc_sent_8000, 0xbeef) },
	},
	{
		.name = "srtp",
		.steps = { { SET, .port = 8000, .kind = RW_FLOW_MUX, .peer = "198.51.100.1:4000",
			     .out_rtp = 8002, .out_rtcp = 8002, .rx_key = 1, .tx_key = 2 },
			   { SET, .port = 8002, .kind = RW_FLOW_MUX, .peer = "198.51.100.2:5000",
			     .out_rtp = 8000, .out_rtcp = 8000 },
			   { SET, .at_ms = 200, .port = 8000, .kind = RW_FLOW_MUX, .generation = 2,
			     .peer = "198.51.100.1:4000", .out_rtp = 8002, .out_rtcp = 8002,
			     .rx_key = 1, .tx_key = 2 },
			   { SET, .at_ms = 300, .port = 8000, .kind = RW_FLOW_MUX, .generation = 3,
			     .peer = "198.51.100.1:4000", .out_rtp = 8002, .out_rtcp = 8002,
			     .rx_key = 3, .tx_key = 4 } },
		.expected = { EXPECT(rx_8000, 12), EXPECT(tx_8002, 12), EXPECT(rx_8002, 12),
			      EXPECT(tx_8000, 12), EXPECT(rtcp_8000, 1), EXPECT(replayed_8000, 1),
			      EXPECT(auth_failed_8000, 3), EXPECT(roc_kept, 1),
			      EXPECT(renumbered, 1) },
	},
	{
		.name = "reinvite",
		.steps = { { SET, .port = 8000, .kind = RW_FLOW_MUX, .peer = "10.0.0.5:4000",
			     .out_rtp = 8002, .out_rtcp = 8002, .policy = RW_SOURCE_LEARN },
			   { SET, .port = 8002, .kind = RW_FLOW_MUX, .peer = "198.51.100.2:5000",
			     .out_rtp = 8000, .out_rtcp = 8000, .policy = RW_SOURCE_STRICT },
			   { SET, .at_ms = 200, .port = 8000, .kind = RW_FLOW_MUX,
			     .peer = "198.51.100.9:4500", .out_rtp = 8002, .out_rtcp = 8002,
			     .policy = RW_SOURCE_LEARN, .generation = 2 } },
		.expected = { EXPECT(rx_8000, 7), EXPECT(tx_8002, 7), EXPECT(rx_8002, 8),
			      EXPECT(tx_8000, 8), EXPECT(refused_8000, 5), EXPECT(learned, 2),
			      EXPECT(unresolved_8002, 0) },
	},
	{
		.name = "families",
		.steps = { { SET, .port = 8000, .kind = RW_FLOW_MUX, .peer = "198.51.100.1:4000",
			     .out_rtp = ID6(8002), .out_rtcp = ID6(8002), .adj = 2 },
			   { SET, .media = BENCH_MEDIA6, .port = 8002, .kind = RW_FLOW_MUX,
			     .peer = "[2001:db8:7::2]:5000", .out_rtp = 8000, .out_rtcp = 8000,
			     .tos = 0xb8 } },
		.expected = { EXPECT(rx_8000, 20), EXPECT(tx6_8002, 20), EXPECT(tx_8000, 21),
			      EXPECT(too_large6_8002, 1) },
	},
	{
		.name = "faults",
		.steps = { { SET, .port = 8000, .kind = RW_FLOW_MUX, .peer = "198.51.100.1:4000",
			     .out_rtp = 8002, .out_rtcp = 8002 },
			   { SET, .port = 8002, .kind = RW_FLOW_MUX, .peer = "198.51.100.2:5000",
			     .out_rtp = RW_FLOW_NONE, .out_rtcp = RW_FLOW_NONE },
			   { SET, .port = 8004, .kind = RW_FLOW_OPAQUE, .peer = "198.51.100.1:4004",
			     .out_rtp = 8006, .out_rtcp = RW_FLOW_NONE },
			   { SET, .port = 8006, .kind = RW_FLOW_OPAQUE, .peer = "198.51.100.2:5004",
			     .out_rtp = 8004, .out_rtcp = RW_FLOW_NONE } },
		.expected = { EXPECT(tx_8002, 2), EXPECT(tx_8006, 1), EXPECT(not_ours, 2),
			      EXPECT(out_of_range, 1), EXPECT(no_flow, 1), EXPECT(ip_checksum, 1),
			      EXPECT(truncated, 1), EXPECT(punts, 1), EXPECT(malformed_8000, 1),
			      EXPECT(class_8000, 1), EXPECT(no_output_8002, 1) },
	},
};

const unsigned int sim_case_count = sizeof(sim_cases) / sizeof(sim_cases[0]);
