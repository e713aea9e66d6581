// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/config.c"
#include "test.h"

#include <unistd.h>

static struct error *read_text(struct config *config, const char *text)
{
	char path[] = "/tmp/kmortem-test-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	close(fd);
	struct error *error = config_read(config, path, true);
	unlink(path);
	return error;
}

TEST(defaults_are_the_originals)
{
	struct config config;

	config_init(&config);
	CHECK(config.port == 6666 && config.max_concurrent_dumps == 4 && config.secure == CONFIG_MAGIC);
	CHECK(config.space_check && !config.daemon);
	CHECK_STR(config.dumpdir, "/var/crash");
	for (size_t i = 0; i < SETTINGS; i++)
		CHECK(!settings[i].usual || !config_set(&config, settings[i].key, settings[i].usual));
	config_deinit(&config);
}

TEST(a_file_of_the_original_is_read)
{
	struct config config;

	config_init(&config);
	CHECK(!read_text(&config, "# netdump\nport=7777\n  addr = \"192.0.2.1\"  # here\n\nmax_concurrent_dumps=12\n"
				  "daemon=true\nsecure=0\ndumpdir='/srv/x y'\nmin_free=2G\n"));
	CHECK(config.port == 7777 && config.max_concurrent_dumps == 12 && config.daemon && !config.secure);
	CHECK_STR(config.addr, "192.0.2.1");
	CHECK_STR(config.dumpdir, "/srv/x y");
	CHECK(config.min_free == 2ULL << 30);
	config_deinit(&config);
}

TEST(mistakes_name_their_line)
{
	static const char *const pairs[][2] = {
		{"port=66666\n", ":1: port: 66666 is not between 0 and 65535"},
		{"\nport=abc\n", ":2: port: \"abc\" is no number"},
		{"port=-1\n", ":1: port: \"-1\" is no number"},
		{"min_free=99999999T\n", ":1: min_free: \"99999999T\" is no size (like 512K, 64M, 2G)"},
		{"daemon=maybe\n", ":1: daemon: \"maybe\" is neither true nor false"},
		{"prot=1\n", ":1: there is no setting \"prot\"; netdump.conf(5) lists them"},
		{"hello\n", ":1: \"hello\" is no KEY=VALUE"},
		{"addr=\"1.2.3.4\n", ":1: addr: the quotes do not match"},
		{"format=tar\n", ":1: format: \"tar\" is none of as-sent|kdump"},
		{"format=\n", ":1: format: \"\" is none of as-sent|kdump"},
		{"allow=10.0.0.0/33\n", ":1: allow: \"10.0.0.0/33\" has no sensible prefix length"},
		{"allow=10.0.0\n", ":1: allow: \"10.0.0\" is no network (like 192.0.2.0/24)"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct config config;

		config_init(&config);
		struct error *error = read_text(&config, pairs[i][0]);
		const char *message = error ? strchr(error->message, ':') : NULL;

		CHECK_STR(message, pairs[i][1]);
		error_free(error);
		config_deinit(&config);
	}
}

TEST(networks_allow_what_is_in_them)
{
	static const struct {
		const char *address;
		bool is_allowed;
	} cases[] = {
		{"::ffff:10.1.2.3", true}, {"::ffff:10.128.0.1", false}, {"::ffff:192.0.2.7", true},
		{"::ffff:192.0.2.8", false}, {"2001:db8::1", true}, {"2001:db9::1", false},
	};
	struct config config;
	struct in6_addr address;

	config_init(&config);
	inet_pton(AF_INET6, "::ffff:8.8.8.8", &address);
	CHECK(config_allows(&config, &address));
	CHECK(!config_set(&config, "allow", "10.0.0.0/9, 192.0.2.7 2001:db8::/32"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		inet_pton(AF_INET6, cases[i].address, &address);
		CHECK(config_allows(&config, &address) == cases[i].is_allowed);
	}
	config_deinit(&config);
}

TEST(options_have_the_originals_names)
{
	bool is_flag;

	CHECK_STR(config_option_key("concurrent", &is_flag), "max_concurrent_dumps");
	CHECK(!is_flag);
	CHECK_STR(config_option_key("freebsd-port", &is_flag), "freebsd_port");
	CHECK_STR(config_option_key("space_check", &is_flag), "space_check");
	CHECK(is_flag);
	CHECK(!config_option_key("max_concurrent_dumps", &is_flag) && !config_option_key("", &is_flag));
}

TEST(secure_two_needs_keys)
{
	struct config config;
	struct error *error;

	config_init(&config);
	CHECK(!config_check(&config));
	CHECK(!config_set(&config, "secure", "2"));
	error = config_check(&config);
	CHECK(error != NULL);
	error_free(error);
	config_deinit(&config);
}

TEST(what_cannot_change_stays)
{
	struct config running, fresh;

	config_init(&running);
	config_init(&fresh);
	CHECK(!config_keep(&fresh, &running));
	CHECK(!config_set(&fresh, "keep", "7") && !config_set(&fresh, "allow", "192.0.2.0/24"));
	CHECK(!config_keep(&fresh, &running) && fresh.keep == 7 && fresh.allow.count == 1);
	CHECK(!config_set(&fresh, "dumpdir", "/elsewhere"));
	CHECK_STR(config_keep(&fresh, &running), "dumpdir");
	CHECK_STR(fresh.dumpdir, "/var/crash");
	CHECK(!config_set(&fresh, "port", "1") && !config_set(&fresh, "daemon", "true"));
	CHECK(config_keep(&fresh, &running) && fresh.port == 6666 && !fresh.daemon && fresh.keep == 7);
	config_deinit(&running);
	config_deinit(&fresh);
}

TEST_MAIN
