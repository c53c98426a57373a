/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parts that all benchmarks of rtpwire-bench share. Program's only thread.
 */
#ifndef RTPWIRE_BENCH_H
#define RTPWIRE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json_t; /* jansson */
struct option; /* getopt.h */

/* Exit statuses; part of the manual page. */
enum bench_exit {
	BENCH_OK = 0,
	BENCH_FAILED = 1, /* something could not be measured, or gave wrong results */
	BENCH_USAGE = 2,
};

/* A benchmark; gets all arguments of the program, its own name second. */
enum bench_exit bench_pipe(int argc, char **argv);
enum bench_exit bench_srtp(int argc, char **argv);
enum bench_exit bench_signal(int argc, char **argv);
enum bench_exit bench_wire(int argc, char **argv);
enum bench_exit bench_compare(int argc, char **argv);

/* The command line, quoted so that a shell takes it back; cut if too long. */
void bench_command_line(int argc, char **argv, char *text, size_t bytes);

/* The CPU's name as the kernel knows it; "unknown" if it does not tell. */
void bench_cpu(char *text, size_t bytes);

/*
 * Reads numbers from min to max, separated by commas, at most room of them. Returns how many, or -1 after a message that
 * names the option.
 */
int bench_numbers(const char *option, const char *text, uint32_t min, uint32_t max, uint32_t *out,
		  unsigned int room);

/* Adds the suite of that name, as in SDP, to bits of enum rw_srtp_suite. 0, or -1 after a message. */
int bench_suite(const char *name, uint32_t *bits);

/*
 * Opens the file that --json names ("-" = stdout; NULL: *out is NULL), before anything is measured. 0, or -1 after a
 * message.
 */
int bench_open_json(const char *path, FILE **out);

/* Writes all and gives it up; to may be NULL. 0, or -1 after a message that names the path. */
int bench_write_json(struct json_t *all, FILE *to, const char *path);

/* Next of a fixed sequence of 31-bit numbers, good enough for orders and patterns; state: any value to begin with. */
uint32_t bench_random(uint64_t *state);

/* Writes 0 to count - 1 in an order that looks like none, the same one each time. */
void bench_shuffle(uint32_t *order, uint32_t count);

/*
 * Reads options behind the benchmark's name: apply() gets each, "h" included, and what it returns other than 0 ends it. An
 * argument that is no option is refused with a message. 0, -1 after that message, or what apply() has returned.
 */
int bench_options(int argc, char **argv, const struct option *table,
		  int (*apply)(void *options, int opt), void *options);

/* The middle one of n > 0 values, which get sorted. */
double bench_median(double *values, unsigned int n);

#endif
