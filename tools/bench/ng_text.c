/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests, replies and addresses of the ng client as texts (ng.h). Pure. Program's only thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ng.h"

#define DIGITS_MAX 7 /* before a string */

/* --- addresses --- */

static int unix_target(const char *path, int kind, struct ng_target *out)
{
	struct sockaddr_un *a = (struct sockaddr_un *)&out->address;
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(a->sun_path))
		return -EINVAL;
	a->sun_family = AF_UNIX;
	memcpy(a->sun_path, path, n + 1);
	out->address_bytes = sizeof(*a);
	out->kind = kind;
	return 0;
}

static int set_address(const char *address, bool v6, uint16_t port, struct ng_target *out)
{
	struct sockaddr_in *a4 = (struct sockaddr_in *)&out->address;
	struct sockaddr_in6 *a6 = (struct sockaddr_in6 *)&out->address;

	if (v6) {
		a6->sin6_family = AF_INET6;
		a6->sin6_port = htons(port);
		out->address_bytes = sizeof(*a6);
		return inet_pton(AF_INET6, address, &a6->sin6_addr) == 1 ? 0 : -EINVAL;
	}
	a4->sin_family = AF_INET;
	a4->sin_port = htons(port);
	out->address_bytes = sizeof(*a4);
	return inet_pton(AF_INET, address, &a4->sin_addr) == 1 ? 0 : -EINVAL;
}

/* "ADDRESS:PORT" or "[ADDRESS]:PORT" */
static int inet_target(const char *text, int kind, struct ng_target *out)
{
	const char *colon = strrchr(text, ':');
	bool v6 = *text == '[';
	char address[INET6_ADDRSTRLEN + 2], *end;
	unsigned long port;
	size_t n;

	if (!colon || colon[1] < '0' || colon[1] > '9')
		return -EINVAL;
	port = strtoul(colon + 1, &end, 10);
	n = (size_t)(colon - text);
	if (*end || port == 0 || port > UINT16_MAX || n == 0 || n >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, n);
	address[n] = 0;
	if (v6 && address[n - 1] != ']')
		return -EINVAL;
	if (v6)
		address[n - 1] = 0;
	out->kind = kind;
	return set_address(address + v6, v6, (uint16_t)port, out);
}

int ng_target_read(const char *url, struct ng_target *out)
{
	memset(out, 0, sizeof(*out));
	if (strncmp(url, "unix:", 5) == 0)
		return unix_target(url + 5, SOCK_STREAM, out);
	if (strncmp(url, "unix-dgram:", 11) == 0)
		return unix_target(url + 11, SOCK_DGRAM, out);
	if (strncmp(url, "udp:", 4) == 0)
		return inet_target(url + 4, SOCK_DGRAM, out);
	if (strncmp(url, "tcp:", 4) == 0)
		return inet_target(url + 4, SOCK_STREAM, out);
	return -EINVAL;
}

/* --- requests --- */

static void put(struct ng_body *b, const char *p, size_t n)
{
	if (n > sizeof(b->text) - b->bytes) {
		b->too_long = true;
		return;
	}
	memcpy(b->text + b->bytes, p, n);
	b->bytes += n;
}

void ng_item(struct ng_body *b, const char *value)
{
	size_t n = strlen(value);
	char head[24];

	put(b, head, (size_t)snprintf(head, sizeof(head), "%zu:", n));
	put(b, value, n);
}

void ng_begin(struct ng_body *b)
{
	b->bytes = 0;
	b->too_long = false;
	put(b, "d", 1);
}

void ng_string(struct ng_body *b, const char *key, const char *value)
{
	ng_item(b, key);
	ng_item(b, value);
}

void ng_integer(struct ng_body *b, const char *key, int64_t value)
{
	char text[32];

	ng_item(b, key);
	put(b, text, (size_t)snprintf(text, sizeof(text), "i%" PRId64 "e", value));
}

void ng_list_begin(struct ng_body *b, const char *key)
{
	ng_item(b, key);
	put(b, "l", 1);
}

void ng_close_value(struct ng_body *b)
{
	put(b, "e", 1);
}

void ng_end(struct ng_body *b)
{
	put(b, "e", 1);
}

/* --- replies --- */

/* Reads "123:" at the start of text. Bytes of it and *length; 0 = not whole yet; -1 = no such thing. */
static ptrdiff_t string_head(const char *p, size_t n, size_t *length)
{
	size_t i;

	*length = 0;
	for (i = 0; i < n && p[i] >= '0' && p[i] <= '9'; i++) {
		if (i == DIGITS_MAX)
			return -1;
		*length = *length * 10 + (size_t)(p[i] - '0');
	}
	if (i == n)
		return 0;
	return i && p[i] == ':' ? (ptrdiff_t)i + 1 : -1;
}

static ptrdiff_t string_bytes(const char *p, size_t n)
{
	size_t length;
	ptrdiff_t head = string_head(p, n, &length);

	if (head <= 0)
		return head;
	return length > n - (size_t)head ? 0 : head + (ptrdiff_t)length;
}

static ptrdiff_t integer_bytes(const char *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (p[i] == 'e')
			return i > 1 ? (ptrdiff_t)i + 1 : -1;
		if ((p[i] < '0' || p[i] > '9') && !(p[i] == '-' && i == 1))
			return -1;
	}
	return 0;
}

ptrdiff_t ng_value_bytes(struct ng_text text)
{
	unsigned int depth = 0;
	size_t at = 0;

	while (at < text.bytes) {
		char c = text.p[at];
		ptrdiff_t n = 1;

		if (c == 'd' || c == 'l')
			depth++;
		else if (c == 'e' && depth > 0)
			depth--;
		else if (c == 'i')
			n = integer_bytes(text.p + at, text.bytes - at);
		else
			n = string_bytes(text.p + at, text.bytes - at);
		if (n <= 0)
			return n;
		at += (size_t)n;
		if (depth == 0)
			return (ptrdiff_t)at;
	}
	return 0;
}

bool ng_take(struct ng_text *rest, struct ng_text *value)
{
	ptrdiff_t n = ng_value_bytes(*rest);

	if (n <= 0)
		return false;
	*value = (struct ng_text){ rest->p, (size_t)n };
	rest->p += n;
	rest->bytes -= (size_t)n;
	return true;
}

/* What is behind the length of a string; p NULL when it is no string. */
static struct ng_text content(struct ng_text value)
{
	size_t length;
	ptrdiff_t head = string_head(value.p, value.bytes, &length);

	if (head <= 0 || length > value.bytes - (size_t)head)
		return (struct ng_text){ NULL, 0 };
	return (struct ng_text){ value.p + head, length };
}

bool ng_is(struct ng_text text, const char *word)
{
	return text.p && text.bytes == strlen(word) && memcmp(text.p, word, text.bytes) == 0;
}

struct ng_text ng_find(struct ng_text dictionary, const char *key)
{
	struct ng_text rest = dictionary, name, value;

	if (rest.bytes == 0 || *rest.p != 'd')
		return (struct ng_text){ NULL, 0 };
	rest.p++;
	rest.bytes--;
	while (ng_take(&rest, &name) && ng_take(&rest, &value))
		if (ng_is(content(name), key))
			return content(value);
	return (struct ng_text){ NULL, 0 };
}

const char *ng_error(const struct ng_reply *reply)
{
	static char text[160];
	struct ng_text result, reason;

	if (!reply->body.p)
		return "no answer in time";
	result = ng_find(reply->body, "result");
	if (ng_is(result, "ok") || ng_is(result, "pong"))
		return NULL;
	reason = ng_find(reply->body, "error-reason");
	if (!reason.p)
		reason = result;
	if (!reason.p)
		return "a reply without a result";
	snprintf(text, sizeof(text), "%.*s", (int)(reason.bytes < 150 ? reason.bytes : 150),
		 reason.p);
	return text;
}
