/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What all benchmarks share (bench.h). Program's only thread.
 */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "rtpwire/srtp.h"

void bench_command_line(int argc, char **argv, char *text, size_t bytes)
{
	size_t used = (size_t)snprintf(text, bytes, "rtpwire-bench");

	for (int i = 1; i < argc && used < bytes; i++) {
		bool plain = argv[i][strcspn(argv[i], " \t\n'\"\\$`*?<>|&;()#~")] == 0 && *argv[i];

		used += (size_t)snprintf(text + used, bytes - used, plain ? " %s" : " '%s'",
					 argv[i]);
	}
}

void bench_cpu(char *text, size_t bytes)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(text, bytes, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || !colon)
			continue;
		snprintf(text, bytes, "%s", colon + 2);
		text[strcspn(text, "\n")] = 0;
		break;
	}
	if (f)
		fclose(f);
}

int bench_numbers(const char *option, const char *text, uint32_t min, uint32_t max, uint32_t *out,
		  unsigned int room)
{
	const char *at = text;
	unsigned int n = 0;

	for (; n < room; at++) {
		char *end;
		unsigned long v = strtoul(at, &end, 10);

		if (end == at || *at < '0' || *at > '9' || v < min || v > max ||
		    (*end && *end != ','))
			break;
		out[n++] = (uint32_t)v;
		at = end;
		if (!*end)
			return (int)n;
	}
	fprintf(stderr, "rtpwire-bench: %s takes %s from %u to %u, not \"%s\"\n", option,
		room == 1 ? "a number" : "up to 8 numbers, separated by commas,", min, max, text);
	return -1;
}

int bench_suite(const char *name, uint32_t *bits)
{
	for (unsigned int suite = 1; suite < RW_SRTP_SUITE_MAX; suite++) {
		if (strcmp(rw_srtp_suite_info(suite)->name, name) == 0) {
			*bits |= 1u << suite;
			return 0;
		}
	}
	fprintf(stderr,
		"rtpwire-bench: --suite takes a name such as AES_CM_128_HMAC_SHA1_80, not \"%s\"\n",
		name);
	return -1;
}

int bench_open_json(const char *path, FILE **out)
{
	*out = NULL;
	if (!path)
		return 0;
	*out = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	if (*out)
		return 0;
	fprintf(stderr, "rtpwire-bench: cannot write %s: %s\n", path, strerror(errno));
	return -1;
}

int bench_write_json(struct json_t *all, FILE *to, const char *path)
{
	bool bad = to && (!all || json_dumpf(all, to, JSON_INDENT(1)) < 0 ||
			  fputc('\n', to) == EOF || fflush(to) != 0);

	if (bad)
		fprintf(stderr, "rtpwire-bench: cannot write %s: %s\n", path, strerror(errno));
	json_decref(all);
	return bad ? -1 : 0;
}

uint32_t bench_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

void bench_shuffle(uint32_t *order, uint32_t count)
{
	uint64_t random = 1;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t with = bench_random(&random) % (i + 1);

		order[i] = order[with];
		order[with] = i;
	}
}

int bench_options(int argc, char **argv, const struct option *table,
		  int (*apply)(void *options, int opt), void *options)
{
	int opt, ret;

	optind = 2; /* behind the benchmark's name */
	while ((opt = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		ret = apply(options, opt);
		if (ret != 0)
			return ret;
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "rtpwire-bench: %s takes no argument \"%s\"\n", argv[1], argv[optind]);
	return -1;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, unsigned int n)
{
	qsort(values, n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}
