/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where an ng message begins and ends: in a stream that arrives in pieces, and in a datagram.
 * Nothing is decoded here. Pure; control's only thread.
 *
 * A message is a dictionary (bencode 'd', JSON '{'), alone or after "cookie SP". A stream has no
 * other framing (ng-protocol section 1.1, 1.4).
 */
#ifndef RTPWIRE_CONTROL_NG_FRAME_H
#define RTPWIRE_CONTROL_NG_FRAME_H

#include <stddef.h>

#include "str.h"

#define NG_MESSAGE_MAX_BYTES (1u << 20) /* cookie and body of one message of a stream */
#define NG_COOKIE_MAX_BYTES 256

enum ng_frame_state {
	NG_FRAME_START, /* between messages */
	NG_FRAME_HEAD, /* cookie or bare dictionary: not known yet */
	NG_FRAME_COOKIE,
	NG_FRAME_BODY, /* first byte of the body comes next */
	NG_FRAME_BENCODE,
	NG_FRAME_LENGTH, /* in the digits before a string */
	NG_FRAME_INTEGER,
	NG_FRAME_JSON,
	NG_FRAME_JSON_STRING,
	NG_FRAME_JSON_ESCAPE,
};

/* Progress in one message; all zero before the first byte. Every byte is looked at once. */
struct ng_frame {
	enum ng_frame_state state;
	size_t at; /* bytes of the buffer done with */
	size_t start; /* offset of the message */
	size_t body; /* offset of the dictionary */
	size_t length; /* of the string whose digits are being read */
	unsigned int depth;
	const char *why; /* error text for the peer, once ng_frame_scan() failed */
};

/*
 * Looks at the bytes of text that it has not seen. text is the whole buffer from the offset where
 * *f was zeroed. 1: a message is complete in [f->start, f->at); 0: more bytes needed; -EINVAL:
 * this can be no message, f->why says so.
 */
int ng_frame_scan(struct ng_frame *f, struct str text);

/* The parts of a complete message; cookie->p is NULL for a bare one. */
void ng_frame_parts(const struct ng_frame *f, struct str text, struct str *cookie,
		    struct str *body);

/* What to answer when the peer ends its stream inside a message; NULL when there is none begun. */
const char *ng_frame_unfinished(const struct ng_frame *f);

/*
 * Splits a datagram. bare_allowed: a dictionary without cookie is served too. 0, or -EINVAL when
 * there is no cookie: such a datagram gets no answer.
 */
int ng_frame_datagram(struct str text, bool bare_allowed, struct str *cookie, struct str *body);

#endif
