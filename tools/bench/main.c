/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rtpwire-bench: measures the relay's parts. One thread.
 */
#include <string.h>

#include "bench.h"

static const struct command {
	const char *name;
	enum bench_exit (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "pipe", bench_pipe, "packets a second of one worker, by what it does with them" },
	{ "srtp", bench_srtp, "cost of SRTP for each packet, suite and engine" },
	{ "signal", bench_signal,
	  "calls set up and ended by any ng engine: rate, latency, CPU, memory" },
	{ "wire", bench_wire, "calls through a running relay: rate, loss, latency" },
	{ "compare", bench_compare, "rtpwire and another ng engine in turn: wire and signal" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(void)
{
	puts("Usage: rtpwire-bench BENCHMARK [OPTION]...\n"
	     "Measures parts of rtpwire on this machine, a running relay, and what they are "
	     "compared with.\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-7s %s\n", commands[i].name, commands[i].help);
	puts("\n  --help, --version (also: rtpwire-bench BENCHMARK --help)\n\n"
	     "Exit status: 0 done, 1 something could not be measured or was wrong, 2 wrong usage.");
}

static enum bench_exit run(int argc, char **argv)
{
	if (argc < 2) {
		fputs("rtpwire-bench: a benchmark is missing; see rtpwire-bench --help\n", stderr);
		return BENCH_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help();
		return BENCH_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("rtpwire-bench " RTPWIRE_VERSION);
		return BENCH_OK;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc, argv);
	fprintf(stderr, "rtpwire-bench: there is no benchmark \"%s\"; see rtpwire-bench --help\n",
		argv[1]);
	return BENCH_USAGE;
}

int main(int argc, char **argv)
{
	enum bench_exit status = run(argc, argv);

	if (fflush(stdout) == 0)
		return (int)status;
	perror("rtpwire-bench: stdout");
	return status ? (int)status : BENCH_FAILED;
}
