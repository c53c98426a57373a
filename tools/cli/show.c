/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `rtpwire show CALL-ID`: a call as people ask about it: who sends from where, what arrives, what is lost
 * and why. Program's only thread.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli.h"

static void print_endpoint(const json_t *stream)
{
	bool v6 = strcmp(value_text(stream, "endpoint.family"), "IPv6") == 0;
	char text[80];

	if (!value_at(stream, "endpoint.port"))
		snprintf(text, sizeof(text), "(not known)");
	else
		snprintf(text, sizeof(text), v6 ? "[%s]:%lld" : "%s:%lld",
			 value_text(stream, "endpoint.address"),
			 value_int(stream, "endpoint.port"));
	printf(" %-26s", text);
}

static void print_age(const json_t *stream)
{
	long long last = value_int(stream, "last packet");

	if (last <= 0 || value_int(stream, "stats.packets") == 0)
		printf("  nothing received yet");
	else
		printf("  last packet %lld s ago", (long long)time(NULL) - last);
}

static void print_quality(const struct cli *cli, const json_t *stream)
{
	long long lost = value_int(stream, "rtpwire.lost");

	if (!value_at(stream, "rtpwire.lost"))
		return;
	paint(cli, lost ? PAINT_BAD : PAINT_GOOD);
	printf("  lost %lld", lost);
	paint(cli, PAINT_OFF);
	printf("  jitter %.1f ms", value_real(stream, "rtpwire.jitter ms"));
	if (value_int(stream, "rtpwire.reordered"))
		printf("  reordered %lld", value_int(stream, "rtpwire.reordered"));
	if (value_int(stream, "rtpwire.duplicates"))
		printf("  duplicates %lld", value_int(stream, "rtpwire.duplicates"));
}

static void print_drops(const struct cli *cli, const json_t *stream)
{
	const char *reason;
	json_t *n;

	json_object_foreach ((json_t *)value_at(stream, "rtpwire.drops"), reason, n) {
		if (json_integer_value(n) == 0)
			continue;
		paint(cli, PAINT_BAD);
		printf("\n         dropped %lld: %s", (long long)json_integer_value(n), reason);
		paint(cli, PAINT_OFF);
	}
}

static void put_word(const char *text)
{
	putchar(' ');
	value_put(text, stdout);
}

static void print_stream(const struct cli *cli, const json_t *stream)
{
	bool rtcp = value_has(value_at(stream, "flags"), "RTCP") &&
		    !value_has(value_at(stream, "flags"), "RTP");

	printf("    %-4s %s:%lld <->", rtcp ? "RTCP" : "RTP", value_text(stream, "local address"),
	       value_int(stream, "local port"));
	print_endpoint(stream);
	if (value_at(stream, "crypto suite"))
		put_word(value_text(stream, "crypto suite"));
	printf(" in %lld  out %lld", value_int(stream, "stats.packets"),
	       value_int(stream, "stats_out.packets"));
	print_quality(cli, stream);
	print_age(stream);
	print_drops(cli, stream);
	putchar('\n');
}

static void print_media(const struct cli *cli, const json_t *media)
{
	const json_t *item;
	size_t i;

	printf("  %lld", value_int(media, "index"));
	put_word(value_text(media, "type"));
	put_word(value_text(media, "protocol"));
	put_word(value_text(media, "codec"));
	putchar(' ');
	json_array_foreach (value_at(media, "flags"), i, item)
		put_word(json_string_value(item));
	putchar('\n');
	json_array_foreach (value_at(media, "streams"), i, item)
		print_stream(cli, item);
}

static void print_tag(const struct cli *cli, const char *name, const json_t *tag)
{
	const json_t *media;
	size_t i;

	paint(cli, PAINT_HEAD);
	fputs("party", stdout);
	put_word(name);
	paint(cli, PAINT_OFF);
	if (value_at(tag, "label")) {
		fputs("  label", stdout);
		put_word(value_text(tag, "label"));
	}
	putchar('\n');
	json_array_foreach (value_at(tag, "medias"), i, media)
		print_media(cli, media);
}

enum cli_exit show_command(const struct cli *cli, char **arguments)
{
	json_t *reply, *tag;
	enum cli_exit status = client_command(cli, "query", "call-id", arguments[0], &reply);
	const char *name;

	if (status == CLI_OK && !cli->json) {
		paint(cli, PAINT_HEAD);
		fputs("call", stdout);
		put_word(arguments[0]);
		paint(cli, PAINT_OFF);
		printf("  created %lld s ago, last signalling %lld s ago\n",
		       (long long)time(NULL) - value_int(reply, "created"),
		       (long long)time(NULL) - value_int(reply, "last signal"));
		json_object_foreach ((json_t *)value_at(reply, "tags"), name, tag)
			print_tag(cli, name, tag);
	}
	return client_finish(cli, status, reply);
}
