/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Framing of ng messages: a state machine over single bytes that skips strings whole. Pure;
 * control's only thread.
 */
#include "ng_frame.h"
#include "bencode.h"

#include <errno.h>

static const char not_ng[] = "Invalid NG data format";
static const char not_bencode[] = "Could not decode bencode dictionary";
static const char not_json[] = "Failed to parse JSON document";
static const char no_payload[] = "Invalid data (no payload)";
static const char too_long[] = "Request is too long";

static int bad(struct ng_frame *f, const char *why)
{
	f->why = why;
	return -EINVAL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank_line(char c)
{
	return c == ' ' || c == '\r' || c == '\n' || c == '\t';
}

static int scan_start(struct ng_frame *f, char c)
{
	f->start = f->body = f->at;
	if (is_blank_line(c)) {
		f->at++;
		return 0;
	}
	if (c == '[')
		return bad(f, not_ng);
	f->state = c == '{' ? NG_FRAME_BODY : c == 'd' ? NG_FRAME_HEAD : NG_FRAME_COOKIE;
	return 0;
}

/*
 * A 'd' begins a bare dictionary if "<digits>:" or 'e' follows; otherwise it begins a cookie,
 * which may well be hexadecimal. "de" at the end of what has arrived is taken as the empty
 * dictionary: its sender waits for an answer.
 */
static int scan_head(struct ng_frame *f, struct str text)
{
	size_t i = f->at + 1;

	if (i < text.n && text.p[i] == 'e') {
		char next = i + 1 < text.n ? text.p[i + 1] : '\n';
		bool bare = next == '\r' || next == '\n' || next == 'd' || next == '{';

		f->state = bare ? NG_FRAME_BODY : NG_FRAME_COOKIE;
		return 1;
	}
	while (i < text.n && i - f->at <= 10 && is_digit(text.p[i]))
		i++;
	if (i == text.n)
		return 0;
	f->state = text.p[i] == ':' && i > f->at + 1 ? NG_FRAME_BODY : NG_FRAME_COOKIE;
	return 1;
}

static int scan_cookie(struct ng_frame *f, char c)
{
	f->at++;
	if (c == ' ') {
		f->body = f->at;
		f->state = NG_FRAME_BODY;
		return 0;
	}
	if ((unsigned char)c <= ' ' || c == 0x7f || f->at - f->start > NG_COOKIE_MAX_BYTES)
		return bad(f, not_ng);
	return 0;
}

static int scan_body(struct ng_frame *f, char c)
{
	if (c != 'd' && c != '{')
		return bad(f, is_blank_line(c) ? no_payload : not_ng);
	f->state = c == 'd' ? NG_FRAME_BENCODE : NG_FRAME_JSON;
	return 0;
}

/* Opens or closes a dictionary or list. 1 = that was the end of the message. */
static int nest(struct ng_frame *f, bool open)
{
	f->at++;
	if (!open)
		return --f->depth == 0;
	if (++f->depth > NG_DEPTH_MAX)
		return bad(f, f->state == NG_FRAME_BENCODE ? not_bencode : not_json);
	return 0;
}

static int scan_bencode(struct ng_frame *f, char c)
{
	switch (c) {
	case 'd':
	case 'l':
		return nest(f, true);
	case 'e':
		return nest(f, false);
	case 'i':
		f->state = NG_FRAME_INTEGER;
		f->at++;
		return 0;
	default:
		if (!is_digit(c))
			return bad(f, not_bencode);
		f->length = 0;
		f->state = NG_FRAME_LENGTH;
		return 0;
	}
}

/* "12:" and then the string in one step; its bytes may still have to come. */
static int scan_length(struct ng_frame *f, char c)
{
	f->at++;
	if (is_digit(c)) {
		f->length = f->length * 10 + (size_t)(c - '0');
		return f->length > NG_MESSAGE_MAX_BYTES ? bad(f, too_long) : 0;
	}
	if (c != ':')
		return bad(f, not_bencode);
	f->at += f->length;
	f->state = NG_FRAME_BENCODE;
	return 0;
}

static int scan_integer(struct ng_frame *f, char c)
{
	f->at++;
	if (c == 'e')
		f->state = NG_FRAME_BENCODE;
	else if (!is_digit(c) && c != '-')
		return bad(f, not_bencode);
	return 0;
}

static int scan_json(struct ng_frame *f, char c)
{
	if (c == '{' || c == '[')
		return nest(f, true);
	if (c == '}' || c == ']')
		return nest(f, false);
	if (c == '"')
		f->state = NG_FRAME_JSON_STRING;
	f->at++;
	return 0;
}

static int scan_json_string(struct ng_frame *f, char c)
{
	f->at++;
	if (f->state == NG_FRAME_JSON_ESCAPE)
		f->state = NG_FRAME_JSON_STRING;
	else if (c == '\\')
		f->state = NG_FRAME_JSON_ESCAPE;
	else if (c == '"')
		f->state = NG_FRAME_JSON;
	return 0;
}

static int scan_byte(struct ng_frame *f, char c)
{
	switch (f->state) {
	case NG_FRAME_START:
		return scan_start(f, c);
	case NG_FRAME_COOKIE:
		return scan_cookie(f, c);
	case NG_FRAME_BODY:
		return scan_body(f, c);
	case NG_FRAME_BENCODE:
		return scan_bencode(f, c);
	case NG_FRAME_LENGTH:
		return scan_length(f, c);
	case NG_FRAME_INTEGER:
		return scan_integer(f, c);
	case NG_FRAME_JSON:
		return scan_json(f, c);
	case NG_FRAME_JSON_STRING:
	case NG_FRAME_JSON_ESCAPE:
		return scan_json_string(f, c);
	case NG_FRAME_HEAD:
		break;
	}
	return bad(f, not_ng);
}

int ng_frame_scan(struct ng_frame *f, struct str text)
{
	while (f->at < text.n) {
		int rc;

		if (f->state == NG_FRAME_HEAD) {
			if (scan_head(f, text) == 0)
				break;
			continue;
		}
		rc = scan_byte(f, text.p[f->at]);
		if (rc < 0)
			return -EINVAL;
		if (rc > 0)
			return 1;
	}
	if (f->state != NG_FRAME_START && f->at - f->start > NG_MESSAGE_MAX_BYTES)
		return bad(f, too_long);
	return 0;
}

void ng_frame_parts(const struct ng_frame *f, struct str text, struct str *cookie, struct str *body)
{
	*cookie = (struct str){ NULL, 0 };
	if (f->body > f->start)
		*cookie = (struct str){ text.p + f->start, f->body - f->start - 1 };
	*body = (struct str){ text.p + f->body, f->at - f->body };
}

const char *ng_frame_unfinished(const struct ng_frame *f)
{
	switch (f->state) {
	case NG_FRAME_START:
		return NULL;
	case NG_FRAME_HEAD:
	case NG_FRAME_COOKIE:
		return not_ng;
	case NG_FRAME_BODY:
		return no_payload;
	case NG_FRAME_BENCODE:
	case NG_FRAME_LENGTH:
	case NG_FRAME_INTEGER:
		return not_bencode;
	case NG_FRAME_JSON:
	case NG_FRAME_JSON_STRING:
	case NG_FRAME_JSON_ESCAPE:
		break;
	}
	return not_json;
}

int ng_frame_datagram(struct str text, bool bare_allowed, struct str *cookie, struct str *body)
{
	const char *blank = text.n ? memchr(text.p, ' ', text.n) : NULL;
	struct ng_frame f = { NG_FRAME_HEAD, 0, 0, 0, 0, 0, NULL };
	size_t n = blank ? (size_t)(blank - text.p) : 0;

	*cookie = (struct str){ NULL, 0 };
	*body = text;
	if (bare_allowed && text.n && text.p[0] == '{')
		return 0;
	if (bare_allowed && text.n && text.p[0] == 'd' && scan_head(&f, text) == 1 &&
	    f.state == NG_FRAME_BODY)
		return 0;
	if (n == 0 || n > NG_COOKIE_MAX_BYTES)
		return -EINVAL;
	*cookie = (struct str){ text.p, n };
	*body = (struct str){ blank + 1, text.n - n - 1 };
	return 0;
}
