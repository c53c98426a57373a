/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Session lines that stick: the rows of sdp-rewrite section 2.1 (replace), loop-protect, and what a state keeps
 * from copy and pack.
 */
#include "convo.h"

#include <stdio.h>
#include <stdlib.h>

#define A "198.51.100.1"
#define B "198.51.100.2"

/* An offer from a with this o= (without "o=") and s=. */
static void offer(struct convo *c, struct ng_args args, const char *origin, const char *name)
{
	char sdp[512];

	snprintf(sdp, sizeof(sdp),
		 "v=0\no=%s\ns=%s\nt=0 0\nc=IN IP4 " A "\nm=audio 4000 RTP/AVP 0\n", origin, name);
	convo_offer_ok(c, args, sdp);
}

#define ARGS(...) ((struct ng_args){ FROM("a"), __VA_ARGS__ })
#define PLAIN ((struct ng_args){ FROM("a") })
#define VERSION ARGS(.replace_sdp_version = true)
#define FORCE ARGS(.replace_force_increment = true)

static void nothing_replaced(void **state)
{
	struct convo *c = *state;

	offer(c, PLAIN, "alice 7 3 IN IP4 host.example", "one");
	convo_expect_line(c, "o=alice 7 3 IN IP4 host.example");
	convo_expect_line(c, "s=one");
	offer(c, PLAIN, "bob 8 1 IN IP4 other.example", "two");
	convo_expect_line(c, "o=bob 8 1 IN IP4 other.example");
	convo_expect_line(c, "s=two");
}

static void origin_is_the_interface_and_sticks(void **state)
{
	struct ng_args right = ARGS(.replace_origin = true, .to_interface = STR("right"));
	struct convo *c = *state;

	offer(c, ARGS(.replace_origin = true), "alice 7 3 IN IP6 ::9", "-");
	convo_expect_line(c, "o=alice 7 3 IN IP4 " V4A);
	offer(c, right, "alice 7 4 IN IP6 ::9", "-");
	convo_expect_line(c, "o=alice 7 4 IN IP4 " V4A);
	convo_expect_line(c, "c=IN IP4 " ADVERTISED);
}

static void origin_later_has_no_effect(void **state)
{
	struct convo *c = *state;

	offer(c, PLAIN, "alice 7 3 IN IP4 first.example", "-");
	offer(c, ARGS(.replace_origin = true), "alice 7 3 IN IP4 second.example", "-");
	convo_expect_line(c, "o=alice 7 3 IN IP4 first.example");
}

static void username_and_session_name_stick(void **state)
{
	struct convo *c = *state;

	offer(c, ARGS(.replace_username = true), "alice 7 3 IN IP4 h", "one");
	offer(c, ARGS(.replace_username = true), "alice2 8 4 IN IP4 h", "two");
	convo_expect_line(c, "o=alice 8 4 IN IP4 h");
	convo_expect_line(c, "s=two");
	offer(c, ARGS(.replace_session_name = true), "alice2 8 4 IN IP4 h", "two");
	convo_expect_line(c, "o=alice2 8 4 IN IP4 h");
	convo_expect_line(c, "s=one"); /* the first that the sender sent, flag or not */
}

static void full_origin_sticks_whole(void **state)
{
	struct ng_args full = ARGS(.replace_origin = true, .replace_origin_full = true,
				   .replace_sdp_version = true);
	struct convo *c = *state;

	offer(c, full, "alice 7 3 IN IP4 h", "-");
	convo_expect_line(c, "o=alice 7 3 IN IP4 " V4A);
	offer(c, full, "bob 9 50 IN IP4 h", "-");
	convo_expect_line(c, "o=alice 7 3 IN IP4 " V4A);
	offer(c, full, "bob 9 51 IN IP4 h", "changed");
	convo_expect_line(c, "o=alice 7 4 IN IP4 " V4A);
}

static void version_counts_differences(void **state)
{
	struct convo *c = *state;

	offer(c, VERSION, "u 7 3 IN IP4 h", "-");
	convo_expect_line(c, "o=u 7 3 IN IP4 h");
	offer(c, VERSION, "u 7 9 IN IP4 h", "-"); /* the sender's version alone is no difference */
	convo_expect_line(c, "o=u 7 3 IN IP4 h");
	offer(c, VERSION, "u 7 9 IN IP4 h", "changed");
	convo_expect_line(c, "o=u 7 4 IN IP4 h");
	offer(c, PLAIN, "u 7 20 IN IP4 h", "changed"); /* without the flag: becomes the base */
	convo_expect_line(c, "o=u 7 20 IN IP4 h");
	offer(c, VERSION, "u 7 1 IN IP4 h", "again");
	convo_expect_line(c, "o=u 7 21 IN IP4 h");
}

static void version_begun_late_is_remembered_first(void **state)
{
	struct convo *c = *state;

	offer(c, PLAIN, "u 7 3 IN IP4 h", "-");
	offer(c, VERSION, "u 7 9 IN IP4 h", "changed");
	convo_expect_line(c, "o=u 7 3 IN IP4 h");
	offer(c, VERSION, "u 7 9 IN IP4 h", "changed again");
	convo_expect_line(c, "o=u 7 4 IN IP4 h");
}

static void forced_version_always_counts(void **state)
{
	struct ng_args both = ARGS(.replace_force_increment = true, .replace_sdp_version = true);
	struct convo *c = *state;

	offer(c, FORCE, "u 7 2 IN IP4 h", "-");
	convo_expect_line(c, "o=u 7 2 IN IP4 h");
	offer(c, FORCE, "u 7 2 IN IP4 h", "-");
	convo_expect_line(c, "o=u 7 3 IN IP4 h");
	offer(c, both, "u 7 2 IN IP4 h", "-");
	convo_expect_line(c, "o=u 7 4 IN IP4 h");
	offer(c, both, "u 7 2 IN IP4 h", "-"); /* with both it counts twice */
	convo_expect_line(c, "o=u 7 6 IN IP4 h");
}

/* State is of the receiving party: the answer to a has its own. */
static void each_receiver_has_its_own(void **state)
{
	struct ng_args answer = { FROM_TO("a", "b"), .replace_username = true };
	struct convo *c = *state;

	offer(c, ARGS(.replace_username = true), "alice 7 3 IN IP4 h", "-");
	assert_true(convo_answer(c, answer, audio(B, 5000, "")));
	convo_expect_line(c, "o=u 7 3 IN IP4 " B);
	offer(c, ARGS(.replace_username = true), "alice9 7 3 IN IP4 h", "-");
	convo_expect_line(c, "o=alice 7 3 IN IP4 h");
}

static void missing_origin_keeps_its_number(void **state)
{
	const char *sdp = "v=0\ns=-\nt=0 0\nc=IN IP4 " A "\nm=audio 4000 RTP/AVP 0\n";
	struct convo *c = *state;
	char first[64];

	assert_true(convo_offer(c, PLAIN, sdp));
	snprintf(first, sizeof(first), "%.40s", strstr(c->plan.reply_sdp.p, "o=- "));
	*strchr(first, '\r') = '\0';
	assert_true(convo_offer(c, PLAIN, sdp));
	convo_expect_line(c, first);
}

static void loop_protect_marks(void **state)
{
	struct convo *c = *state;

	offer(c, ARGS(.loop_protect = true), "u 7 3 IN IP4 h", "-");
	convo_expect_line(c, "a=rtpengine:0123456789ab");
	offer(c, PLAIN, "u 7 3 IN IP4 h", "-");
	convo_expect_no_line(c, "a=rtpengine:0123456789ab");
}

static void label_and_metadata_are_kept(void **state)
{
	struct convo *c = *state;

	offer(c, ARGS(.label = STR("caller"), .metadata = STR("m=1")), "u 7 3 IN IP4 h", "-");
	offer(c, PLAIN, "u 7 3 IN IP4 h", "-");
	assert_true(str_is(c->state->parties[0].label, "caller"));
	assert_true(str_is(c->state->metadata, "m=1"));
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, convo_setup, convo_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(nothing_replaced),
		ROW(origin_is_the_interface_and_sticks),
		ROW(origin_later_has_no_effect),
		ROW(username_and_session_name_stick),
		ROW(full_origin_sticks_whole),
		ROW(version_counts_differences),
		ROW(version_begun_late_is_remembered_first),
		ROW(forced_version_always_counts),
		ROW(each_receiver_has_its_own),
		ROW(missing_origin_keeps_its_number),
		ROW(loop_protect_marks),
		ROW(label_and_metadata_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
