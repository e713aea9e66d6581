// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/netconsole.c"

#include <stdio.h>

#include "test.h"
#include "vectors.h"

static struct netconsole_message message;

static bool parse(const char *text)
{
	return netconsole_parse((const uint8_t *)text, strlen(text), &message);
}

static void check_body(const char *want)
{
	char body[2048];

	snprintf(body, sizeof(body), "%.*s", (int)message.body_length, message.body);
	CHECK_STR(body, want);
}

TEST(netconsole_reads_extended_messages)
{
	CHECK(parse("6,416,1758426,-;hello world\n"));
	CHECK(message.facility == 0 && message.level == 6 && message.seq == 416 && message.usec == 1758426);
	CHECK(!message.is_fragment && !message.continues && !message.release);
	check_body("hello world\n");
	CHECK(parse("6,416,1758426,-,caller=T1;hello world\n"));
	check_body("hello world\n");
	CHECK(parse("30,0,0,c;x;y") && message.facility == 3 && message.level == 6 && message.continues);
	check_body("x;y");
	CHECK(parse("6,417,1758500,-;msg\n key=val\n cpu=3\n"));
	check_body("msg\n key=val\n cpu=3\n");
	CHECK(parse("255,18446744073709551615,18446744073709551615,-;") && message.facility == 31 && message.level == 7);
	CHECK(message.seq == UINT64_MAX && message.usec == UINT64_MAX && message.body_length == 0);
}

TEST(netconsole_reads_the_release)
{
	char text[128];

	CHECK(parse("6.4.0-rc1,6,416,1758426,-;hello world\n"));
	CHECK(message.release_length == 9 && !memcmp(message.release, "6.4.0-rc1", 9) && message.seq == 416);
	snprintf(text, sizeof(text), "6.%0*d,6,1,2,-;x", NETCONSOLE_RELEASE_MAX - 2, 0);
	CHECK(parse(text) && message.release_length == NETCONSOLE_RELEASE_MAX);
	snprintf(text, sizeof(text), "6.%0*d,6,1,2,-;x", NETCONSOLE_RELEASE_MAX - 1, 0);
	CHECK(!parse(text));
}

TEST(netconsole_reads_fragments)
{
	CHECK(parse("6,416,1758426,-,ncfrag=0/31;the first chunk,"));
	CHECK(message.is_fragment && message.fragment_offset == 0 && message.fragment_total == 31);
	CHECK(message.body_length == 16);
	CHECK(parse("6,416,1758426,-,caller=C0,ncfrag=16/31; the 2nd chunk."));
	CHECK(message.is_fragment && message.fragment_offset == 16 && message.body_length == 15);
	CHECK(parse("6.4.0,6,416,1758426,-,ncfrag=10/31; the 2nd chunk.") && message.fragment_offset == 10);
	CHECK(parse("6,1,1,-,ncfrag=131071/131072;x"));
}

TEST(netconsole_refuses_impossible_fragments)
{
	static const char *const texts[] = {
		"6,416,1758426,-,ncfrag=17/31; the 2nd chunk.", "6,416,1758426,-,ncfrag=31/31;x",
		"6,416,1758426,-,ncfrag=40/31;x",               "6,416,1758426,-,ncfrag=0/0;x",
		"6,416,1758426,-,ncfrag=0/4294967295;x",        "6,416,1758426,-,ncfrag=4294967295/4294967296;x",
		"6,416,1758426,-,ncfrag=18446744073709551615/8;x", "6,416,1758426,-,ncfrag=0/131073;x",
		"6,416,1758426,-,ncfrag=0/31;",                 "6,416,1758426,-,ncfrag=0;x",
		"6,416,1758426,-,ncfrag=/31;x",                 "6,416,1758426,-,ncfrag=0/;x",
		"6,416,1758426,-,ncfrag=-1/31;x",               "6,416,1758426,-,ncfrag=0/31,ncfrag=0/31;x",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK(!parse(texts[i]));
}

TEST(netconsole_leaves_the_rest_to_plain_text)
{
	static const char *const texts[] = {
		"", ";", "[   12.345678] usb 1-1: new device\n", "<5> Linux version 2.6.9 (gcc, ld);\n", "6,416,1758426;x",
		"6,416,1758426,;x", "6,416,x,-;x", "256,416,1758426,-;x", "6,18446744073709551616,1,-;x", "6 ,1,1,-;x",
		"6,416,1758426,-\n;x", "6,416,1758426,-hello world\n", ",6,1,1,-;x", "a.b,c,1,1,-;x",
	};
	char text[2048];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK(!parse(texts[i]));
	snprintf(text, sizeof(text), "6,1,1,-;%0*d", NETCONSOLE_DATAGRAM_MAX - 8, 0);
	CHECK(parse(text) && message.body_length == NETCONSOLE_DATAGRAM_MAX - 8);
	snprintf(text, sizeof(text), "6,1,1,-;%0*d", NETCONSOLE_DATAGRAM_MAX - 7, 0);
	CHECK(!parse(text));
	snprintf(text, sizeof(text), "6,1,1,-,%0*d;x", 600, 0);
	CHECK(!parse(text));
}

static enum port_protocol protocol_of_text(const char *text)
{
	return port_protocol_of((const uint8_t *)text, strlen(text));
}

TEST(netconsole_tells_protocols_apart)
{
	static const char *const replies[] = {"C1", "C2", "C3",  "C4", "C5",  "C6.0", "C6.3",
					      "C7", "C8", "C8b", "C9", "C10", "C11"};
	static const char *const requests[] = {"S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11"};
	uint8_t packet[2048] = {0};

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++)
		CHECK(port_protocol_of(packet, vector_get(replies[i], packet)) == PORT_REDHAT);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		CHECK(port_protocol_of(packet, vector_get(requests[i], packet)) == PORT_REQUEST);
	/* Our own START_NETDUMP_ACK, with an answer behind it. */
	CHECK(port_protocol_of(packet, vector_get("S1", packet) + 18) == PORT_REQUEST);
	CHECK(protocol_of_text("6,416,1758426,-;hello world\n") == PORT_NETCONSOLE_EXTENDED);
	CHECK(protocol_of_text("[   12.345678] usb 1-1: new device\n") == PORT_NETCONSOLE_PLAIN);
	CHECK(protocol_of_text("<5> Linux version ...\n") == PORT_NETCONSOLE_PLAIN);
	CHECK(protocol_of_text("") == PORT_NETCONSOLE_PLAIN);
	struct nd6_header header = {.type = ND6_DATA, .session = 7, .number = 9};
	CHECK(port_protocol_of(packet, nd6_header_write(&header, packet) + ND6_TAG) == PORT_NETDUMP6);
}

TEST_MAIN
