/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What kind of packet shares a media port: RFC 7983 section 7 (first byte), RFC 5761 section 4 (RTP
 * against RTCP). Pure; any thread.
 */
#ifndef RTPWIRE_DEMUX_H
#define RTPWIRE_DEMUX_H

#include <stddef.h>
#include <stdint.h>

enum rw_class {
	RW_CLASS_RTP,
	RW_CLASS_RTCP,
	RW_CLASS_STUN,
	RW_CLASS_DTLS,
	RW_CLASS_ZRTP,
	RW_CLASS_TURN, /* TURN channel data */
	RW_CLASS_UNKNOWN, /* anything else, and empty datagrams */
};

#define RW_RTP_HEADER_BYTES 12u /* RFC 3550 section 5.1 without CSRCs */
#define RW_RTCP_HEADER_BYTES 8u /* common header and the sender's SSRC */

/* Takes a UDP payload and its length in bytes; reads at most two of them. */
static inline enum rw_class rw_demux(const uint8_t *payload, size_t len_bytes)
{
	if (len_bytes < 2)
		return RW_CLASS_UNKNOWN;
	if (payload[0] >= 128 && payload[0] <= 191) /* version 2 */
		return payload[1] >= 192 && payload[1] <= 223 ? RW_CLASS_RTCP : RW_CLASS_RTP;
	if (payload[0] <= 3)
		return RW_CLASS_STUN;
	if (payload[0] >= 16 && payload[0] <= 19)
		return RW_CLASS_ZRTP;
	if (payload[0] >= 20 && payload[0] <= 63)
		return RW_CLASS_DTLS;
	if (payload[0] >= 64 && payload[0] <= 79)
		return RW_CLASS_TURN;
	return RW_CLASS_UNKNOWN;
}

#endif
