/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Logical interfaces: matching with media addresses, names, families, several addresses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "interfaces.h"

static struct rw_ip ip(const char *text)
{
	struct rw_ip out;

	assert_int_equal(rw_ip_parse(text, &out), 0);
	return out;
}

static struct rw_limits limits(void)
{
	return (struct rw_limits){ .media_count = 4,
				   .media = { ip("192.0.2.1"), ip("192.0.2.2"), ip("2001:db8::1"),
					      ip("192.0.2.3") } };
}

static void add(struct config *cfg, const char *name, const char *address)
{
	struct interface_spec *s = &cfg->interfaces[cfg->interface_count++];

	snprintf(s->name, sizeof(s->name), "%s", name);
	s->address = s->advertised = ip(address);
}

static void without_option_all_are_default(void **state)
{
	struct rw_limits lim = limits();
	static struct config cfg;
	struct interfaces ifs;
	unsigned int bad;

	(void)state;
	assert_int_equal(interfaces_build(&cfg, &lim, &ifs, &bad), 0);
	assert_int_equal(ifs.entry_count, 4);
	assert_int_equal(ifs.logical_count, 1);
	assert_string_equal(ifs.names[0], "default");
	assert_int_equal(interfaces_pick(&ifs, 0, RW_FAMILY_IP4, 0), 0);
	assert_int_equal(interfaces_pick(&ifs, 0, RW_FAMILY_IP4, 1), 1);
	assert_int_equal(interfaces_pick(&ifs, 0, RW_FAMILY_IP4, 2), 3);
	assert_int_equal(interfaces_pick(&ifs, 0, RW_FAMILY_IP4, 3), -1);
	assert_int_equal(interfaces_pick(&ifs, 0, RW_FAMILY_IP6, 0), 2);
}

static void names_and_fallbacks(void **state)
{
	struct rw_limits lim = limits();
	struct config cfg = { 0 };
	enum rw_family hint;
	struct interfaces ifs;
	unsigned int bad;

	(void)state;
	add(&cfg, "left", "192.0.2.2");
	add(&cfg, "right", "192.0.2.1");
	add(&cfg, "left", "2001:db8::1");
	assert_int_equal(interfaces_build(&cfg, &lim, &ifs, &bad), 0);
	assert_int_equal(ifs.logical_count, 2);
	assert_int_equal(ifs.entries[0].media, 1);
	assert_int_equal(interfaces_find(&ifs, STR("right"), &hint), 1);
	assert_int_equal(hint, RW_FAMILY_NONE);
	assert_int_equal(interfaces_find(&ifs, STR("nowhere"), &hint), 0);
	assert_int_equal(hint, RW_FAMILY_NONE);
	assert_int_equal(interfaces_find(&ifs, STR("Right"), &hint), 0); /* names are exact */
	assert_int_equal(interfaces_find(&ifs, (struct str){ NULL, 0 }, &hint), 0);
	assert_int_equal(interfaces_find(&ifs, STR("internal"), &hint), 0);
	assert_int_equal(hint, RW_FAMILY_IP4);
	assert_int_equal(interfaces_find(&ifs, STR("external"), &hint), 0);
	assert_int_equal(hint, RW_FAMILY_IP6);
	/* right has no IPv6: its IPv4 address serves */
	assert_int_equal(interfaces_pick(&ifs, 1, RW_FAMILY_IP6, 0), 1);
	assert_int_equal(interfaces_pick(&ifs, 1, RW_FAMILY_IP6, 1), -1);
	assert_int_equal(interfaces_pick(&ifs, 0, RW_FAMILY_IP6, 0), 2);
}

static void configured_internal_is_a_name(void **state)
{
	struct rw_limits lim = limits();
	struct config cfg = { 0 };
	enum rw_family hint;
	struct interfaces ifs;
	unsigned int bad;

	(void)state;
	add(&cfg, "external", "192.0.2.1");
	add(&cfg, "internal", "192.0.2.2");
	assert_int_equal(interfaces_build(&cfg, &lim, &ifs, &bad), 0);
	assert_int_equal(interfaces_find(&ifs, STR("internal"), &hint), 1);
	assert_int_equal(hint, RW_FAMILY_NONE);
}

static void unknown_address_is_named(void **state)
{
	struct rw_limits lim = limits();
	struct config cfg = { 0 };
	struct interfaces ifs;
	unsigned int bad = 99;

	(void)state;
	add(&cfg, "left", "192.0.2.2");
	add(&cfg, "left", "192.0.2.77");
	assert_int_equal(interfaces_build(&cfg, &lim, &ifs, &bad), -EINVAL);
	assert_int_equal(bad, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_option_all_are_default),
		cmocka_unit_test(names_and_fallbacks),
		cmocka_unit_test(configured_internal_is_a_name),
		cmocka_unit_test(unknown_address_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
