/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line's parts: one request to rtpwire-control at a time, JSON in and out. Program's only
 * thread.
 */
#ifndef RTPWIRE_CLI_H
#define RTPWIRE_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit statuses; part of the manual page. */
enum cli_exit {
	CLI_OK = 0,
	CLI_REFUSED = 1, /* control answered an error */
	CLI_USAGE = 2,
	CLI_UNREACHABLE = 3, /* no control, or no sensible answer from it */
};

struct cli {
	const char *socket; /* path, without "unix:" */
	double timeout_s; /* for each request */
	bool json; /* print replies as they are */
	bool indent; /* over several lines */
	bool colour;
	unsigned int count; /* top: screens to show, 0 = until interrupted */
	unsigned int limit; /* list: calls to list, 0 = all */
};

/* client.c */

/*
 * Sends request (reference stolen) and waits for the reply. CLI_OK or CLI_REFUSED with *reply (caller
 * decrefs), or CLI_UNREACHABLE after a message on stderr with *reply NULL.
 */
enum cli_exit client_request(const struct cli *cli, json_t *request, json_t **reply);

/* As client_request() with {"command": command, key: value} (key NULL: command alone). */
enum cli_exit client_command(const struct cli *cli, const char *command, const char *key,
			     const char *value, json_t **reply);

/* Ends a command: prints the reply's error on stderr, or all of it on stdout with --json. */
enum cli_exit client_finish(const struct cli *cli, enum cli_exit status, json_t *reply);

/* value.c: reading replies; an absent or odd value reads as 0 or "-". */

/* Follows keys ("statistics.rtpwire.version"); NULL when one is missing. */
const json_t *value_at(const json_t *from, const char *path);
long long value_int(const json_t *from, const char *path);
double value_real(const json_t *from, const char *path);
const char *value_text(const json_t *from, const char *path);
/* True when the list holds the string. */
bool value_has(const json_t *list, const char *text);

/*
 * Writes text from the network (call ids, tags, codecs) with control characters as \xNN, so that nobody
 * who makes a call can drive the terminal of who looks at it. NULL is written as "-".
 */
void value_put(const char *text, FILE *to);

/* "12.3k", "4.56M": at most 7 characters and the NUL. */
#define VALUE_SHORT 16
const char *value_short(double n, char buf[static VALUE_SHORT]);

/* paint.c: colours, if cli->colour. */
enum paint { PAINT_OFF, PAINT_HEAD, PAINT_GOOD, PAINT_BAD };
void paint(const struct cli *cli, enum paint p);

/* Commands: arguments after the command's name. */
enum cli_exit show_command(const struct cli *cli, char **arguments);
enum cli_exit stats_command(const struct cli *cli, char **arguments);
enum cli_exit top_command(const struct cli *cli, char **arguments);

#endif
