/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One a=crypto line (RFC 4568): text to key and back, names of suites, new keys. Pure but for the random
 * numbers; control's only thread.
 */
#ifndef RTPWIRE_CONTROL_SDES_H
#define RTPWIRE_CONTROL_SDES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtpwire/srtp.h"

#include "str.h"

#define SDES_LINES_MAX 32 /* of one m= line; further ones are ignored */
#define SDES_SUITES RW_SRTP_SDES_LAST /* suites that have a name in SDP, from 1 on */
#define SDES_TAG_MAX 999999999u /* RFC 4568 section 9.1: up to nine digits */
#define SDES_TEXT_BYTES 256 /* a printed line with its NUL */

struct sdes_line {
	uint32_t tag;
	bool passed; /* printed: the key is the other party's own and follows it */
	struct rw_srtp_key key; /* with suite, MKI, session parameters; suite NONE: no line */
};

/* How a line is printed. */
struct sdes_style {
	bool pad; /* base64 with its "=" */
	bool lifetime; /* "|2^31" behind the key */
};

/* The suite of this name, any case; RW_SRTP_NONE for anything else. */
enum rw_srtp_suite sdes_suite_from(struct str name);

/*
 * Reads what follows "a=crypto:". False when the line has to be ignored: unknown suite, key of a wrong length,
 * anything malformed, or a key that rw_srtp_key_valid() refuses.
 */
bool sdes_parse(struct str value, struct sdes_line *out);

/* Prints what follows "a=crypto:", NUL-terminated. Number of bytes without the NUL. */
size_t sdes_print(const struct sdes_line *line, struct sdes_style style,
		  char out[static SDES_TEXT_BYTES]);

/* A random master key for a suite, without MKI and parameters. */
void sdes_new_key(enum rw_srtp_suite suite, struct rw_srtp_key *out);

/* The first of count lines with this suite, or NULL. */
const struct sdes_line *sdes_find(const struct sdes_line *lines, unsigned int count,
				  enum rw_srtp_suite suite);

#endif
