/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines: levels, foreign bytes, length, the journal's prefix.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

static char said[4096];
static int catcher[2], real_stderr;

static void catch_stderr(void)
{
	assert_int_equal(pipe(catcher), 0);
	real_stderr = dup(STDERR_FILENO);
	dup2(catcher[1], STDERR_FILENO);
	close(catcher[1]);
}

static const char *caught(void)
{
	ssize_t n;

	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	n = read(catcher[0], said, sizeof(said) - 1);
	close(catcher[0]);
	said[n > 0 ? n : 0] = '\0';
	return said;
}

static void levels(void **state)
{
	(void)state;
	log_set_level(LOG_WARNING);
	catch_stderr();
	log_info("not this");
	log_warning("this: %d", 1);
	log_error("and this");
	assert_string_equal(caught(), "this: 1\nand this\n");
}

static void foreign_bytes_cannot_forge_lines(void **state)
{
	(void)state;
	catch_stderr();
	log_error("call %s ends", "a\nERROR: b\033[2J\x7f");
	assert_string_equal(caught(), "call a?ERROR: b?[2J? ends\n");
}

static void long_lines_are_cut(void **state)
{
	char text[3000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	catch_stderr();
	log_error("%s", text);
	caught();
	assert_in_range(strlen(said), 1000, 1024);
	assert_int_equal(said[strlen(said) - 1], '\n');
}

static void the_journal_gets_priorities(void **state)
{
	struct stat st;
	char stream[64];

	(void)state;
	catch_stderr();
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_error("x");
	setenv("JOURNAL_STREAM", "1:1", 1); /* stderr was redirected since */
	log_error("y");
	unsetenv("JOURNAL_STREAM");
	assert_string_equal(caught(), "<3>x\ny\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels),
		cmocka_unit_test(foreign_bytes_cannot_forge_lines),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(the_journal_gets_priorities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
