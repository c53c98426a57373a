/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages on standard error. Main and manager thread.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

static const char *const level_names[] = { "error", "warning", "info", "debug" };

static _Atomic int log_level_now = LOG_LEVEL_INFO;

/* Set before there is a second thread. */
static const char *program = "rtpwire-dataplane";

void log_program_set(const char *name)
{
	program = name;
}

void log_level_set(enum log_level level)
{
	log_level_now = level;
}

int log_level_parse(const char *text, enum log_level *out)
{
	for (unsigned int i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(text, level_names[i]) != 0)
			continue;
		*out = (enum log_level)i;
		return 0;
	}
	return -EINVAL;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	char line[1024];
	const char *mark = level <= LOG_LEVEL_WARNING ? level_names[level] : NULL;
	va_list ap;
	int head, len;

	if ((int)level > log_level_now)
		return;
	head = snprintf(line, sizeof(line), "%s: %s%s", program, mark ? mark : "",
			mark ? ": " : "");
	va_start(ap, fmt);
	len = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	len += head;
	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	line[len++] = '\n';
	/* Nothing can be done about a standard error that is gone. */
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return;
}
