/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtpwire: the command line of the relay, a client of rtpwire-control's ng socket. One thread.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtpwire/abi.h"

#include "cli/cli.h"

#define TIMEOUT_S 5.0

static enum cli_exit ng_command(const struct cli *cli, char **arguments)
{
	bool from_stdin = strcmp(arguments[0], "-") == 0;
	json_error_t why;
	json_t *request, *reply;
	struct cli printed = *cli;
	enum cli_exit status;

	request = from_stdin ? json_loadf(stdin, JSON_ALLOW_NUL, &why)
			     : json_loads(arguments[0], JSON_ALLOW_NUL, &why);
	if (!json_is_object(request)) {
		fprintf(stderr,
			"rtpwire: ng takes a JSON object, such as {\"command\":\"ping\"}: %s\n",
			request ? "this is something else" : why.text);
		json_decref(request);
		return CLI_USAGE;
	}
	printed.indent = !cli->json;
	printed.json = true;
	status = client_request(cli, request, &reply);
	return client_finish(&printed, status, reply);
}

static enum cli_exit ping_command(const struct cli *cli, char **arguments)
{
	json_t *reply;
	enum cli_exit status = client_command(cli, "ping", NULL, NULL, &reply);

	(void)arguments;
	if (status == CLI_OK && !cli->json)
		puts(value_text(reply, "result"));
	return client_finish(cli, status, reply);
}

static enum cli_exit list_command(const struct cli *cli, char **arguments)
{
	json_t *request = json_pack("{sssi}", "command", "list", "limit",
				    cli->limit ? (int)cli->limit : 1000000);
	json_t *reply;
	const json_t *call;
	enum cli_exit status = client_request(cli, request, &reply);
	size_t i;

	(void)arguments;
	if (status == CLI_OK && !cli->json)
		json_array_foreach (value_at(reply, "calls"), i, call) {
			value_put(json_string_value(call), stdout);
			putchar('\n');
		}
	return client_finish(cli, status, reply);
}

static enum cli_exit delete_command(const struct cli *cli, char **arguments)
{
	json_t *request = json_pack("{ss ss si s[s]}", "command", "delete", "call-id", arguments[0],
				    "delete delay", 0, "flags", "fatal");
	json_t *reply = NULL;
	enum cli_exit status = CLI_USAGE;

	if (request)
		status = client_request(cli, request, &reply);
	else
		fputs("rtpwire: the call id is not UTF-8\n", stderr);
	return client_finish(cli, status, reply);
}

static const struct command {
	const char *name;
	const char *argument; /* NULL: takes none */
	enum cli_exit (*run)(const struct cli *cli, char **arguments);
	const char *help;
} commands[] = {
	{ "ping", NULL, ping_command, "ask whether control answers" },
	{ "list", NULL, list_command, "call ids, one a line" },
	{ "show", "CALL-ID", show_command, "one call: addresses, packets, loss, jitter, drops" },
	{ "stats", NULL, stats_command, "totals, workers, reasons for drops" },
	{ "top", NULL, top_command, "all of it live; q ends" },
	{ "delete", "CALL-ID", delete_command, "end a call at once" },
	{ "ng", "JSON", ng_command, "send any ng request (\"-\" reads it from stdin)" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(void)
{
	puts("Usage: rtpwire [OPTION]... COMMAND [ARGUMENT]\n"
	     "Asks a running rtpwire-control.\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-7s %-8s %s\n", commands[i].name,
		       commands[i].argument ? commands[i].argument : "", commands[i].help);
	puts("\n  --socket PATH   control's socket (default " RW_CONTROL_SOCKET ")\n"
	     "  --timeout S     wait S seconds for an answer (default 5)\n"
	     "  --json          print the reply as JSON, one line\n"
	     "  --limit N       list: at most N calls\n"
	     "  --count N       top: end after N screens\n"
	     "  --help, --version\n\n"
	     "Exit status: 0 done, 1 control answered an error, 2 wrong usage, 3 control cannot be "
	     "reached.");
}

static int read_count(const char *name, const char *text, unsigned int *out)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (end != text && *end == 0 && *text != '-' && v > 0 && v <= 1000000) {
		*out = (unsigned int)v;
		return 0;
	}
	fprintf(stderr, "rtpwire: %s takes a number from 1 to 1000000, not \"%s\"\n", name, text);
	return -1;
}

static int read_timeout(const char *text, double *out)
{
	char *end;
	double v = strtod(text, &end);

	if (end != text && *end == 0 && v > 0 && v <= 86400) {
		*out = v;
		return 0;
	}
	fprintf(stderr, "rtpwire: --timeout takes seconds above 0, not \"%s\"\n", text);
	return -1;
}

/* 0; 1 when --help or --version was served; -1 after a message. */
static int apply_option(struct cli *cli, int opt)
{
	switch (opt) {
	case 's':
		cli->socket = strncmp(optarg, "unix:", 5) == 0 ? optarg + 5 : optarg;
		return 0;
	case 't':
		return read_timeout(optarg, &cli->timeout_s);
	case 'j':
		cli->json = true;
		return 0;
	case 'l':
		return read_count("--limit", optarg, &cli->limit);
	case 'c':
		return read_count("--count", optarg, &cli->count);
	case 'h':
		help();
		return 1;
	case 'V':
		puts("rtpwire " RTPWIRE_VERSION);
		return 1;
	default:
		fputs("See rtpwire --help.\n", stderr);
		return -1;
	}
}

static int read_options(int argc, char **argv, struct cli *cli)
{
	static const struct option table[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "limit", required_argument, NULL, 'l' },
		{ "count", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "s:t:jh", table, NULL)) != -1) {
		ret = apply_option(cli, opt);
		if (ret != 0)
			return ret;
	}
	return 0;
}

static enum cli_exit run(const struct cli *cli, int argc, char **argv)
{
	for (size_t i = 0; argc > 0 && i < COMMANDS; i++) {
		const struct command *c = &commands[i];

		if (strcmp(argv[0], c->name) != 0)
			continue;
		if (argc - 1 == (c->argument ? 1 : 0))
			return c->run(cli, argv + 1);
		fprintf(stderr, "rtpwire: usage: rtpwire %s %s\n", c->name,
			c->argument ? c->argument : "(no argument)");
		return CLI_USAGE;
	}
	if (argc > 0)
		fprintf(stderr, "rtpwire: unknown command \"%s\"; see rtpwire --help\n", argv[0]);
	else
		fputs("rtpwire: a command is missing; see rtpwire --help\n", stderr);
	return CLI_USAGE;
}

int main(int argc, char **argv)
{
	struct cli cli = { .socket = RW_CONTROL_SOCKET,
			   .timeout_s = TIMEOUT_S,
			   .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR") };
	int ret = read_options(argc, argv, &cli);

	if (ret != 0)
		return ret > 0 ? CLI_OK : CLI_USAGE;
	ret = run(&cli, argc - optind, argv + optind);
	if (fflush(stdout) == 0)
		return ret;
	perror("rtpwire: stdout");
	return ret ? ret : CLI_REFUSED;
}
