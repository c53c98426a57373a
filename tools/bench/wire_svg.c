/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Line plots (wire_svg.h). Main thread.
 */
#include "wire_svg.h"

#include <math.h>

#define WIDTH 860.0
#define HEIGHT 260.0
#define LEFT 70.0
#define RIGHT 20.0
#define TOP 12.0
#define BOTTOM 42.0
#define TICKS 5

static const char *const colours[SVG_LINES_MAX] = { "#1f6feb", "#d1242f", "#1a7f37", "#9a6700" };

struct scale {
	double low, high, step;
};

/* A range that begins with 0 and ends with a round number. */
static struct scale make_scale(double most)
{
	double raw = most > 0 ? most / TICKS : 1.0 / TICKS, power = pow(10, floor(log10(raw)));
	double part = raw / power;
	double step = power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);

	return (struct scale){ 0, step * ceil((most > 0 ? most : 1) / step), step };
}

static double x_of(const struct scale *s, double v)
{
	return LEFT + (v - s->low) / (s->high - s->low) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct scale *s, double v)
{
	return HEIGHT - BOTTOM - (v - s->low) / (s->high - s->low) * (HEIGHT - TOP - BOTTOM);
}

static void write_axes(FILE *to, const struct svg_plot *p, const struct scale *x,
		       const struct scale *y)
{
	for (double v = y->low; v <= y->high + y->step / 2; v += y->step)
		fprintf(to,
			"<line x1=\"%.0f\" y1=\"%.1f\" x2=\"%.0f\" y2=\"%.1f\" class=\"g\"/>"
			"<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
			LEFT, y_of(y, v), WIDTH - RIGHT, y_of(y, v), LEFT - 6, y_of(y, v) + 4, v);
	for (double v = x->low; v <= x->high + x->step / 2; v += x->step)
		fprintf(to, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%g</text>\n",
			x_of(x, v), HEIGHT - BOTTOM + 16, v);
	fprintf(to,
		"<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">%s</text>\n"
		"<text transform=\"translate(14 %.0f) rotate(-90)\" "
		"text-anchor=\"middle\">%s</text>\n",
		(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, p->x_name, (HEIGHT - BOTTOM) / 2,
		p->y_name);
}

static void write_line(FILE *to, const struct svg_plot *p, unsigned int n, const struct scale *x,
		       const struct scale *y)
{
	if (!p->dots) {
		fprintf(to, "<polyline class=\"l\" stroke=\"%s\" points=\"", colours[n]);
		for (unsigned int i = 0; i < p->points; i++)
			fprintf(to, "%.1f,%.1f ", x_of(x, p->x[i]), y_of(y, p->line[n].y[i]));
		fputs("\"/>\n", to);
	}
	for (unsigned int i = 0; i < p->points && (p->dots || p->points == 1); i++)
		fprintf(to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n",
			x_of(x, p->x[i]), y_of(y, p->line[n].y[i]), colours[n]);
}

static void write_legend(FILE *to, const struct svg_plot *p)
{
	fprintf(to, "<figcaption><b>%s</b>", p->title);
	for (unsigned int n = 0; n < p->lines; n++)
		fprintf(to, " <span style=\"color:%s\">&#9632; %s</span>", colours[n],
			p->line[n].name);
	fputs("</figcaption>\n", to);
}

void svg_write(FILE *to, const struct svg_plot *p)
{
	double x_most = 0, y_most = 0;
	struct scale x, y;

	if (!p->points)
		return;
	for (unsigned int i = 0; i < p->points; i++) {
		x_most = fmax(x_most, p->x[i]);
		for (unsigned int n = 0; n < p->lines; n++)
			y_most = fmax(y_most, p->line[n].y[i]);
	}
	x = make_scale(x_most);
	y = make_scale(y_most);
	fputs("<figure>\n", to);
	write_legend(to, p);
	fprintf(to,
		"<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
		"xmlns=\"http://www.w3.org/2000/svg\">\n",
		WIDTH, HEIGHT);
	write_axes(to, p, &x, &y);
	for (unsigned int n = 0; n < p->lines; n++)
		write_line(to, p, n, &x, &y);
	fputs("</svg>\n</figure>\n", to);
}
