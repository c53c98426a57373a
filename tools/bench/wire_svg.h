/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A line plot as inline SVG, for the report page. Main thread.
 */
#ifndef RTPWIRE_BENCH_WIRE_SVG_H
#define RTPWIRE_BENCH_WIRE_SVG_H

#include <stdbool.h>
#include <stdio.h>

#define SVG_POINTS_MAX 2048u
#define SVG_LINES_MAX 4u

struct svg_line {
	const char *name;
	double y[SVG_POINTS_MAX];
};

struct svg_plot {
	const char *title, *x_name, *y_name;
	unsigned int points, lines;
	bool dots; /* only dots, no lines between them */
	double x[SVG_POINTS_MAX];
	struct svg_line line[SVG_LINES_MAX];
};

/* Writes one <figure>. Nothing when there is no point. */
void svg_write(FILE *to, const struct svg_plot *p);

#endif
