/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading replies without trusting their shape, and colours. Program's only thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

const json_t *value_at(const json_t *from, const char *path)
{
	while (from && *path) {
		size_t n = strcspn(path, ".");
		char key[64];

		if (n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = 0;
		from = json_object_get(from, key);
		path += path[n] ? n + 1 : n;
	}
	return from;
}

long long value_int(const json_t *from, const char *path)
{
	return (long long)value_real(from, path);
}

double value_real(const json_t *from, const char *path)
{
	const json_t *v = value_at(from, path);

	return json_is_string(v) ? strtod(json_string_value(v), NULL) : json_number_value(v);
}

const char *value_text(const json_t *from, const char *path)
{
	const char *s = json_string_value(value_at(from, path));

	return s ? s : "-";
}

bool value_has(const json_t *list, const char *text)
{
	const json_t *v;
	size_t i;

	json_array_foreach (list, i, v)
		if (json_is_string(v) && strcmp(json_string_value(v), text) == 0)
			return true;
	return false;
}

/* C0, DEL, and C1 as UTF-8 (0xc2 0x80 to 0xc2 0x9f; jansson gives valid UTF-8 only). */
static bool is_control(const unsigned char *c)
{
	return c[0] < 0x20 || c[0] == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0);
}

void value_put(const char *text, FILE *to)
{
	const unsigned char *c = (const unsigned char *)(text ? text : "-");

	for (; *c; c++) {
		if (!is_control(c)) {
			putc(*c, to);
			continue;
		}
		fprintf(to, "\\x%02x", *c);
		if (*c == 0xc2)
			fprintf(to, "\\x%02x", *++c);
	}
}

const char *value_short(double n, char buf[static VALUE_SHORT])
{
	static const char units[] = " kMGTP";
	int u = 0;

	while (n >= 10000 && u < 5) {
		n /= 1000;
		u++;
	}
	if (u == 0)
		snprintf(buf, VALUE_SHORT, "%.0f", n);
	else
		snprintf(buf, VALUE_SHORT, "%.*f%c", n < 100 ? 1 : 0, n, units[u]);
	return buf;
}

void paint(const struct cli *cli, enum paint p)
{
	static const char *const codes[] = { "\033[0m", "\033[1m", "\033[32m", "\033[31m" };

	if (cli->colour)
		fputs(codes[p], stdout);
}
