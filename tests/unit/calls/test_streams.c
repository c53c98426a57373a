/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where SRTP streams go on: from the statistics of one flow into the spec of another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "streams.h"

static void received_streams_go_on(void **state)
{
	static struct rw_flow_stats st;
	static struct rw_flow_spec spec;

	(void)state;
	st.srtp_rx[0] = (struct rw_srtp_stream){
		.ssrc = 1, .roc = 3, .seq = 7, .srtcp_index = 9, .used = 1
	};
	st.srtp_rx[1] = (struct rw_srtp_stream){ .ssrc = 2, .roc = 5, .seq = 65000, .used = 1 };
	st.ssrc[2] =
		(struct rw_ssrc_stats){ .ssrc = 1, .packets = 9, .max_ext_seq = 0x30000 + 500 };
	st.ssrc[1] = (struct rw_ssrc_stats){ .ssrc = 2, .packets = 9, .max_ext_seq = 0x60000 + 20 };
	st.ssrc[0] = (struct rw_ssrc_stats){ .ssrc = 9, .packets = 9, .max_ext_seq = 1 };
	streams_resume_rx(&spec, &st);
	assert_int_equal(spec.rx_streams[0].seq, 500);
	assert_int_equal(spec.rx_streams[0].roc, 3);
	assert_int_equal(spec.rx_streams[0].srtcp_index, 9); /* theirs, not ours: as it is */
	assert_int_equal(spec.rx_streams[1].seq, 20);
	assert_int_equal(spec.rx_streams[1].roc, 6); /* it wrapped after the entry was written */
	for (unsigned int i = 2; i < RW_SSRC_SLOTS; i++)
		assert_int_equal(spec.rx_streams[i].used, 0);
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++)
		assert_int_equal(spec.tx_streams[i].used, 0);
}

/* Without newer numbers an entry stays what it is; an unused slot of ssrc[] says nothing. */
static void received_streams_without_news(void **state)
{
	static struct rw_flow_stats st;
	static struct rw_flow_spec spec;

	(void)state;
	st.srtp_rx[0] = (struct rw_srtp_stream){ .ssrc = 0, .roc = 3, .seq = 7, .used = 1 };
	streams_resume_rx(&spec, &st);
	assert_int_equal(spec.rx_streams[0].seq, 7);
	assert_int_equal(spec.rx_streams[0].roc, 3);
}

static void sent_streams_go_on(void **state)
{
	static struct rw_flow_stats st;
	static struct rw_flow_spec spec;

	(void)state;
	st.tx_packets = 1;
	st.tx_ssrc = 2;
	st.tx_last_seq = 4;
	st.srtp_tx[0] = (struct rw_srtp_stream){
		.ssrc = 1, .roc = 3, .seq = 7, .srtcp_index = 9, .used = 1
	};
	st.srtp_tx[1] = (struct rw_srtp_stream){
		.ssrc = 2, .roc = 8, .seq = 65530, .seq_offset = 77, .used = 1
	};
	st.srtp_tx[2] = (struct rw_srtp_stream){ .ssrc = 3, .srtcp_index = 0x7ffffff0, .used = 1 };
	streams_resume_tx(&spec, &st);
	assert_int_equal(spec.tx_streams[0].seq, 7);
	assert_int_equal(spec.tx_streams[0].roc, 3);
	assert_int_equal(spec.tx_streams[0].srtcp_index, 9 + STREAMS_SRTCP_MARGIN);
	assert_int_equal(spec.tx_streams[1].seq, 4);
	assert_int_equal(spec.tx_streams[1].roc, 9);
	assert_int_equal(spec.tx_streams[1].seq_offset, 77);
	assert_int_equal(spec.tx_streams[2].srtcp_index, 0x7fffffff);
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++)
		assert_true(rw_srtp_stream_valid(&spec.tx_streams[i]));
}

/* Statistics are foreign data: what would make a spec invalid is left out. */
static void nonsense_is_left_out(void **state)
{
	static struct rw_flow_stats st;
	static struct rw_flow_spec spec;

	(void)state;
	st.srtp_rx[0].used = 2;
	st.srtp_rx[1] = (struct rw_srtp_stream){ .used = 1, .srtcp_index = 0x80000000 };
	st.srtp_tx[0] = (struct rw_srtp_stream){ .used = 1, .zero = { 1 } };
	streams_resume_rx(&spec, &st);
	streams_resume_tx(&spec, &st);
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++)
		assert_false(spec.rx_streams[i].used || spec.tx_streams[i].used);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(received_streams_go_on),
		cmocka_unit_test(received_streams_without_news),
		cmocka_unit_test(sent_streams_go_on),
		cmocka_unit_test(nonsense_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
