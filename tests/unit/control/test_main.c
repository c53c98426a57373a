/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program itself, as far as it goes without a dataplane: exit statuses, messages, what it
 * leaves behind. The first argument is its path.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *program;
static char dir[] = "/tmp/rtpwire-main.XXXXXX";
static char path[64];
static char said[8192];

/* Runs the program with the arguments in line; its exit status, with stdout and stderr in said. */
static int run(const char *line)
{
	char command[512];
	size_t n = 0;
	FILE *f;
	int status;

	snprintf(command, sizeof(command), "exec '%s' %s 2>&1", program, line);
	f = popen(command, "r");
	assert_non_null(f);
	while (n < sizeof(said) - 1) {
		size_t got = fread(said + n, 1, sizeof(said) - 1 - n, f);

		if (got == 0)
			break;
		n += got;
	}
	said[n] = '\0';
	status = pclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void options_decide_the_exit_status(void **state)
{
	(void)state;
	assert_int_equal(run("--help"), 0);
	assert_non_null(strstr(said, "--dataplane PATH"));
	assert_int_equal(run("--version"), 0);
	assert_int_equal(run("--tos 1000"), 2);
	assert_string_equal(said, "rtpwire-control: --tos 1000: need a number from 0 to 255\n");
	assert_int_equal(run("--user no-such-user-here"), 2);
	assert_int_equal(run("--user root"), 2);
}

/* It must not serve proxies without a dataplane, nor leave its socket behind. */
static void no_dataplane_no_service(void **state)
{
	char line[256];

	(void)state;
	snprintf(line, sizeof(line), "--dataplane %s/none --listen unix:%s", dir, path);
	assert_int_equal(run(line), 1);
	assert_non_null(strstr(said, "none"));
	assert_non_null(strstr(said, "rtpwire-dataplane"));
	assert_null(strstr(said, "ready:"));
	assert_int_equal(access(path, F_OK), -1);
}

static void a_listener_in_use_is_refused_at_once(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char line[256];

	(void)state;
	strcpy(at.sun_path, path);
	assert_int_equal(bind(fd, (void *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	snprintf(line, sizeof(line), "--listen unix:%s", path);
	assert_int_equal(run(line), 1);
	assert_non_null(strstr(said, "in use"));
	assert_int_equal(access(path, F_OK), 0); /* the other's socket is unharmed */
	close(fd);
	unlink(path);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_decide_the_exit_status),
		cmocka_unit_test(no_dataplane_no_service),
		cmocka_unit_test(a_listener_in_use_is_refused_at_once),
	};
	int failed;

	if (argc != 2 || !mkdtemp(dir))
		return 1;
	program = argv[1];
	snprintf(path, sizeof(path), "%s/ng.sock", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
