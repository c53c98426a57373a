/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines: one write(2) a line, so that lines of several processes on one stderr do not mix.
 * Control's only thread.
 */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES 1024 /* longer lines are cut */

static unsigned int max_level = LOG_INFO;

void log_set_level(unsigned int level)
{
	max_level = level;
}

/*
 * systemd names the device and inode of the journal's pipe, so that a redirected stderr is told
 * apart.
 */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &dev, &ino) != 2)
		return false;
	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void log_line(int level, const char *fmt, ...)
{
	char line[LINE_BYTES];
	size_t text, n;
	va_list ap;

	if (level < 0 || (unsigned int)level > max_level)
		return;
	text = stderr_is_journal() ? (size_t)snprintf(line, sizeof(line), "<%d>", level & 7) : 0;
	line[text] = '\0';
	va_start(ap, fmt);
	vsnprintf(line + text, sizeof(line) - text, fmt, ap);
	va_end(ap);
	/* Call-IDs and the like come from strangers: no line breaks, no terminal control. */
	for (n = text; line[n]; n++) {
		if ((unsigned char)line[n] < 0x20 || line[n] == 0x7f)
			line[n] = '?';
	}
	if (n == sizeof(line) - 1)
		n--;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nowhere left to complain to */
}
