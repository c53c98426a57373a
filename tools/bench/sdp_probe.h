/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The SDP of an audio call (PCMU), made, and read out of an engine's reply as far as a benchmark needs it. Pure.
 * Program's only thread.
 */
#ifndef RTPWIRE_BENCH_SDP_PROBE_H
#define RTPWIRE_BENCH_SDP_PROBE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "rtpwire/srtp.h"

#define SDP_CRYPTO_MAX 16u /* a=crypto lines that are kept; there may be more */

struct sdp_crypto {
	uint32_t tag;
	char suite[32]; /* as in SDP */
	char key[96]; /* base64 of master key and salt, what stands between "inline:" and '|' or ' ' */
};

struct sdp_audio {
	char address[INET6_ADDRSTRLEN]; /* of c= */
	uint16_t port; /* of m=audio */
	unsigned int crypto_count; /* written: 0 makes RTP/AVP, more make RTP/SAVP */
	struct sdp_crypto crypto[SDP_CRYPTO_MAX];
};

/* Writes it, terminated. Bytes without the 0, or -ENOSPC. */
int sdp_write(const struct sdp_audio *audio, char *out, size_t room);

/*
 * Reads the first m=audio with its c= (or the session's) and a=crypto lines. 0; -EINVAL when there is none. Lines that are
 * too long for the structure are skipped.
 */
int sdp_read(const char *sdp, size_t bytes, struct sdp_audio *out);

/* The line of a key; mki and flags are not written. The key's suite must have a name (rw_srtp_suite_info). */
void sdp_crypto_set(struct sdp_crypto *crypto, uint32_t tag, const struct rw_srtp_key *key);

/* The key of a line. 0; -EINVAL for a suite that we do not know or a key that is not base64 of its length. */
int sdp_crypto_get(const struct sdp_crypto *crypto, struct rw_srtp_key *out);

#endif
