/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every counter and every reason for a drop, named once. The enum, the names on the command line and
 * the help texts of the metrics all come from these lists.
 */
#ifndef RTPWIRE_COUNTERS_H
#define RTPWIRE_COUNTERS_H

#include <stddef.h>

/* Counters that each worker keeps. X(name, help) */
#define RW_WORKER_COUNTERS(X)                                                                      \
	X(polls, "turns of the worker loop")                                                       \
	X(empty_polls, "turns that found no packet")                                               \
	X(pauses, "naps taken by an idle worker (--poll adaptive)")                                \
	X(rx_packets, "frames received from the ports")                                            \
	X(rx_bytes, "bytes of those frames, from the Ethernet header on")                          \
	X(tx_packets, "frames given to the ports")                                                 \
	X(tx_bytes, "bytes of those frames, from the Ethernet header on")                          \
	X(handoff_out, "packets handed to the worker that owns their flow")                        \
	X(handoff_in, "packets taken over from other workers")                                     \
	X(tx_handoff, "packets handed to the worker that owns the transmit queue")                 \
	X(kernel_packets, "frames passed to or from the kernel by an exception TAP")               \
	X(punts, "STUN and DTLS packets given to control")                                         \
	X(commands, "commands applied")                                                            \
	X(learned, "peer addresses learned or moved")                                              \
	X(srtp_protected, "packets encrypted and authenticated for a peer")                        \
	X(srtp_unprotected, "packets of a peer authenticated and decrypted")                       \
	X(srtp_roc_kept, "streams that went on with their ROC after new signalling")               \
	X(srtp_roc_zero, "streams found to have begun anew with ROC 0")                            \
	X(srtp_roc_next, "streams found one ROC ahead")                                            \
	X(srtp_roc_previous, "streams found one ROC behind")                                       \
	X(srtp_renumbered, "streams whose sender began anew: sequence numbers were shifted")

/*
 * Reasons for which a packet ends here. X(name, help). The first RW_DROP_FLOW_COUNT are
 * also counted per flow; the order is therefore part of the ABI.
 */
#define RW_FLOW_DROPS(X)                                                                           \
	X(source_not_allowed, "source address is not on the flow's allow list")                    \
	X(source_refused, "source address is not the one learned or signalled")                    \
	X(no_output, "flow has no egress for this kind of packet (not answered yet)")              \
	X(no_peer, "peer address of the egress flow is not known (or on hold)")                    \
	X(peer_is_relay, "peer address is one of our own media addresses")                         \
	X(no_route, "kernel has no route to the peer")                                             \
	X(neighbour_unresolved, "link address of the next hop is not resolved yet")                \
	X(mtu_exceeded, "packet is larger than the egress MTU")                                    \
	X(rtp_malformed, "RTP or RTCP header does not fit the datagram")                           \
	X(class_refused, "packet is not RTP, RTCP, STUN or DTLS and the flow passes nothing else") \
	X(punt_full, "control did not take STUN or DTLS packets fast enough")                      \
	X(srtp_auth_failed, "SRTP or SRTCP tag is wrong: another key, or a forged packet")         \
	X(srtp_replayed, "SRTP or SRTCP packet came before, or is too old to tell")                \
	X(srtp_malformed, "packet is too short for its SRTP tag or has another MKI")               \
	X(srtp_repeated, "number was sent before: a key stream must not be used twice")            \
	X(srtp_ssrc_limit, "flow already secures as many SSRCs as it can")                         \
	X(srtp_no_room, "no room behind the packet for the SRTP tag")

#define RW_OTHER_DROPS(X)                                                                          \
	X(not_ours, "frame is not UDP to a media address (kernel has its own copy)")               \
	X(truncated, "Ethernet, IP or UDP header does not fit the frame")                          \
	X(ip_malformed, "IP version, header length or total length is wrong")                      \
	X(ip_checksum, "IPv4 header checksum is wrong")                                            \
	X(udp_malformed, "UDP length is wrong")                                                    \
	X(udp_checksum, "port verified the UDP checksum as wrong")                                 \
	X(fragment, "IP fragment to a media port")                                                 \
	X(port_out_of_range, "UDP port is outside the media range")                                \
	X(no_flow, "no flow on this address and port")                                             \
	X(handoff_full, "ring to the worker that owns the flow is full")                           \
	X(tx_full, "transmit queue of the port is full")                                           \
	X(no_memory, "no packet buffer left")

#define RW_DROPS(X) RW_FLOW_DROPS(X) RW_OTHER_DROPS(X)

enum rw_worker_counter {
#define RW_X(name, help) RW_COUNT_##name,
	RW_WORKER_COUNTERS(RW_X)
#undef RW_X
		RW_COUNT_MAX
};

enum rw_drop {
#define RW_X(name, help) RW_DROP_##name,
	RW_DROPS(RW_X)
#undef RW_X
		RW_DROP_MAX
};

enum {
#define RW_X(name, help) +1
	RW_DROP_FLOW_COUNT = 0 RW_FLOW_DROPS(RW_X)
#undef RW_X
};

/* Name of a counter or reason; NULL when the number is not one. */
static inline const char *rw_worker_counter_name(unsigned int n)
{
	static const char *const names[] = {
#define RW_X(name, help) #name,
		RW_WORKER_COUNTERS(RW_X)
#undef RW_X
	};

	return n < RW_COUNT_MAX ? names[n] : NULL;
}

static inline const char *rw_drop_name(unsigned int n)
{
	static const char *const names[] = {
#define RW_X(name, help) #name,
		RW_DROPS(RW_X)
#undef RW_X
	};

	return n < RW_DROP_MAX ? names[n] : NULL;
}

/* One sentence on a reason, for people; NULL when the number is not one. */
static inline const char *rw_drop_help(unsigned int n)
{
	static const char *const helps[] = {
#define RW_X(name, help) help,
		RW_DROPS(RW_X)
#undef RW_X
	};

	return n < RW_DROP_MAX ? helps[n] : NULL;
}

#endif
