/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Constants of the contract between rtpwire-dataplane and rtpwire-control.
 *
 * Everything in include/rtpwire/ is plain C with fixed-width types: both programs, the tools and
 * the tests include it, and none of them has to link anything for it. A change of any layout here
 * raises RW_ABI_VERSION; hello.h refuses peers that disagree.
 */
#ifndef RTPWIRE_ABI_H
#define RTPWIRE_ABI_H

#define RW_ABI_MAGIC 0x52505752u /* "RPWR", little endian on the wire of the UNIX socket */
#define RW_ABI_VERSION 3u

#define RW_CACHE_LINE_BYTES 64

/* Limits that size shared structures. Each is checked wherever a number comes from outside. */
#define RW_MEDIA_MAX 16 /* media addresses of one dataplane */
#define RW_WORKERS_MAX 32 /* workers of one dataplane */
#define RW_ALLOW_MAX 8 /* prefixes in one flow's allow list */
#define RW_CALL_ID_BYTES 128 /* call id kept in a flow, NUL included; longer ones are cut */
#define RW_SSRC_SLOTS 4 /* SSRCs a flow keeps statistics for; the least recent makes room */
#define RW_DATAGRAM_BYTES 2048 /* largest UDP payload that is punted */

#define RW_PORT_MIN_DEFAULT 8000
#define RW_PORT_MAX_DEFAULT 48000

#define RW_DATAPLANE_SOCKET "/run/rtpwire/dataplane.sock"
#define RW_CONTROL_SOCKET "/run/rtpwire/ng.sock"

#endif
