/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Only in builds with -Db_sanitize=address: what DPDK's driver leaves to the end of the process inside these
 * libraries is not ours to free, and must not hide a leak that is.
 */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libxdp.so\n"
	       "leak:libbpf.so\n"
	       "leak:librte_\n";
}
