// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/vec.h"
#include "server/udp.h"

enum { LINE_MAX_BYTES = 4096, NETWORKS_MAX = 256 };

enum setting_kind { SETTING_TEXT, SETTING_NUMBER, SETTING_SIZE, SETTING_FLAG, SETTING_NETWORKS };

struct setting {
	const char *key, *option; /* option: the original's name for it; NULL: the key, with '-' for '_' */
	enum setting_kind kind;
	bool is_live;         /* what is read at SIGHUP counts */
	size_t offset;
	uint64_t least, most; /* of a number */
	const char *usual;    /* default, as it would be written */
	const char *choices;  /* of a text: words between '|'; NULL: any */
};

#define AT(member) offsetof(struct config, member)

static const struct setting settings[] = {
	{"addr", NULL, SETTING_TEXT, false, AT(addr), 0, 0, "", NULL},
	{"port", NULL, SETTING_NUMBER, false, AT(port), 0, 65535, "6666", NULL},
	{"freebsd_port", NULL, SETTING_NUMBER, false, AT(freebsd_port), 0, 65535, "20023", NULL},
	{"freebsd_own_port", NULL, SETTING_FLAG, true, AT(freebsd_own_port), 0, 1, "true", NULL},
	{"netconsole_port", NULL, SETTING_NUMBER, false, AT(netconsole_port), 0, 65535, "0", NULL},
	{"dumpdir", NULL, SETTING_TEXT, false, AT(dumpdir), 0, 0, "/var/crash", NULL},
	{"spool", NULL, SETTING_TEXT, false, AT(spool), 0, 0, "", NULL},
	{"pidfile", NULL, SETTING_TEXT, false, AT(pidfile), 0, 0, "", NULL},
	{"status_file", NULL, SETTING_TEXT, false, AT(status_file), 0, 0, "/run/netdump-server/status.json", NULL},
	{"metrics_file", NULL, SETTING_TEXT, false, AT(metrics_file), 0, 0, "", NULL},
	{"user", NULL, SETTING_TEXT, false, AT(user), 0, 0, "", NULL},
	{"key", NULL, SETTING_TEXT, true, AT(key), 0, 0, "", NULL},
	{"peers", NULL, SETTING_TEXT, true, AT(peers), 0, 0, "", NULL},
	{"format", NULL, SETTING_TEXT, true, AT(format), 0, 0, "as-sent", "as-sent|kdump"},
	{"compression", NULL, SETTING_TEXT, true, AT(compression), 0, 0, "zlib", "zlib|lzo|zstd"},
	{"stop", NULL, SETTING_TEXT, true, AT(stop), 0, 0, "wait", "wait|reboot"},
	{"max_concurrent_dumps", "concurrent", SETTING_NUMBER, true, AT(max_concurrent_dumps), 1, 4096, "4", NULL},
	{"secure", NULL, SETTING_NUMBER, true, AT(secure), 0, 2, "1", NULL},
	{"daemon", NULL, SETTING_FLAG, false, AT(daemon), 0, 1, "false", NULL},
	{"space_check", NULL, SETTING_FLAG, true, AT(space_check), 0, 1, "true", NULL},
	{"skip_zero", NULL, SETTING_FLAG, false, AT(skip_zero), 0, 1, "true", NULL},
	{"verbose", NULL, SETTING_FLAG, false, AT(verbose), 0, 1, "false", NULL},
	{"debug", NULL, SETTING_FLAG, false, AT(debug), 0, 1, "false", NULL},
	{"min_free", NULL, SETTING_SIZE, true, AT(min_free), 0, UINT64_MAX, "64M", NULL},
	{"max_total", NULL, SETTING_SIZE, true, AT(max_total), 0, UINT64_MAX, "0", NULL},
	{"max_client", NULL, SETTING_SIZE, true, AT(max_client), 0, UINT64_MAX, "0", NULL},
	{"max_dump", NULL, SETTING_SIZE, true, AT(max_dump), 1 << 20, UINT64_MAX, "16T", NULL},
	{"keep", NULL, SETTING_NUMBER, true, AT(keep), 0, 1000000, "0", NULL},
	{"log_max", NULL, SETTING_SIZE, true, AT(log_max), 4096, UINT64_MAX, "64M", NULL},
	{"log_total", NULL, SETTING_SIZE, true, AT(log_total), 0, UINT64_MAX, "1G", NULL},
	{"log_keep", NULL, SETTING_NUMBER, true, AT(log_keep), 0, 1000, "4", NULL},
	{"script_timeout", NULL, SETTING_NUMBER, false, AT(script_timeout), 1, 86400, "60", NULL},
	{"memory", NULL, SETTING_SIZE, false, AT(memory), 1 << 20, UINT64_C(1) << 32, "24M", NULL},
	{"allow", NULL, SETTING_NETWORKS, true, AT(allow), 0, 0, NULL, NULL},
};

enum { SETTINGS = sizeof(settings) / sizeof(*settings) };

static const struct setting *setting_find(const char *key)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (!strcmp(settings[i].key, key))
			return &settings[i];
	return NULL;
}

void config_init(struct config *config)
{
	*config = (struct config){0};
	for (size_t i = 0; i < SETTINGS; i++)
		if (settings[i].usual)
			error_free(config_set(config, settings[i].key, settings[i].usual));
}

static bool is_same(const struct setting *setting, const void *one, const void *other)
{
	if (setting->kind == SETTING_TEXT)
		return !strcmp(*(char *const *)one, *(char *const *)other);
	if (setting->kind == SETTING_FLAG)
		return *(const bool *)one == *(const bool *)other;
	return *(const uint64_t *)one == *(const uint64_t *)other;
}

const char *config_keep(struct config *fresh, const struct config *running)
{
	const char *changed = NULL;

	for (size_t i = 0; i < SETTINGS; i++) {
		void *to = (char *)fresh + settings[i].offset;
		const void *from = (const char *)running + settings[i].offset;

		if (settings[i].is_live || is_same(&settings[i], to, from))
			continue;
		changed = settings[i].key;
		if (settings[i].kind == SETTING_TEXT) {
			free(*(char **)to);
			*(char **)to = mem_strdup(*(char *const *)from);
		} else if (settings[i].kind == SETTING_FLAG) {
			*(bool *)to = *(const bool *)from;
		} else {
			*(uint64_t *)to = *(const uint64_t *)from;
		}
	}
	return changed;
}

void config_deinit(struct config *config)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (settings[i].kind == SETTING_TEXT)
			free(*(char **)((char *)config + settings[i].offset));
	free(config->allow.items);
	free(config->file);
	*config = (struct config){0};
}

/* ---- values --------------------------------------------------------------------------------- */

static struct error *parse_flag(const struct setting *setting, const char *value, bool *ret)
{
	static const char *const words[] = {"false", "true", "0", "1", "no", "yes", "off", "on"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!strcmp(value, words[i])) {
			*ret = i % 2;
			return NULL;
		}
	}
	return error_new(ERROR_INVALID, "%s: \"%s\" is neither true nor false", setting->key, value);
}

/* Bits by which a suffix shifts; -1 for none that we know. */
static int suffix_shift(const char *suffix)
{
	static const char letters[] = "KMGT";
	const char *letter = *suffix ? strchr(letters, toupper((unsigned char)*suffix)) : NULL;

	if (!*suffix)
		return 0;
	return letter && !suffix[1] ? (int)(10 * (letter - letters + 1)) : -1;
}

static struct error *parse_number(const struct setting *setting, const char *value, uint64_t *ret)
{
	char *end;

	errno = 0;
	unsigned long long number = strtoull(value, &end, 10);
	int shift = setting->kind == SETTING_SIZE ? suffix_shift(end) : *end ? -1 : 0;

	if (!isdigit((unsigned char)*value) || errno || shift < 0 || number > UINT64_MAX >> shift)
		return error_new(ERROR_INVALID, "%s: \"%s\" is no %s", setting->key, value,
				 setting->kind == SETTING_SIZE ? "size (like 512K, 64M, 2G)" : "number");
	number <<= shift;
	if (number < setting->least || number > setting->most)
		return error_new(ERROR_INVALID, "%s: %s is not between %llu and %llu", setting->key, value,
				 (unsigned long long)setting->least, (unsigned long long)setting->most);
	*ret = number;
	return NULL;
}

static bool is_choice(const char *choices, const char *value)
{
	size_t length = strlen(value);

	for (const char *at = choices; at; at = strchr(at, '|')) {
		at += *at == '|';
		if (!strncmp(at, value, length) && (at[length] == '|' || !at[length]))
			return length > 0;
	}
	return false;
}

static struct error *parse_text(const struct setting *setting, const char *value, char **ret)
{
	if (setting->choices && !is_choice(setting->choices, value))
		return error_new(ERROR_INVALID, "%s: \"%s\" is none of %s", setting->key, value, setting->choices);
	free(*ret);
	*ret = mem_strdup(value);
	return NULL;
}

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. */
static struct error *parse_network(const char *text, struct config_network *ret)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	char *end = NULL;

	if (length >= sizeof(address))
		return error_new(ERROR_INVALID, "allow: \"%s\" is no network", text);
	memcpy(address, text, length);
	address[length] = '\0';
	bool is_v4 = !strchr(address, ':');
	unsigned long most = is_v4 ? 32 : 128, bits = slash ? strtoul(slash + 1, &end, 10) : most;

	if (!udp_parse(address, &ret->address))
		return error_new(ERROR_INVALID, "allow: \"%s\" is no network (like 192.0.2.0/24)", text);
	if (bits > most || (slash && (!isdigit((unsigned char)slash[1]) || *end)))
		return error_new(ERROR_INVALID, "allow: \"%s\" has no sensible prefix length", text);
	ret->bits = (unsigned)bits + (is_v4 ? 96 : 0);
	return NULL;
}

/* Each mention replaces what was allowed before; words are parted by commas and blanks. */
static struct error *parse_networks(struct config *config, const char *value)
{
	char *copy _cleanup_free_ = mem_strdup(value), *rest = copy, *word;

	config->allow.count = 0;
	while ((word = strsep(&rest, ", \t"))) {
		struct config_network network;
		struct error *error = *word ? parse_network(word, &network) : NULL;

		if (error)
			return error;
		if (config->allow.count == NETWORKS_MAX)
			return error_new(ERROR_LIMIT, "allow: more than %d networks", NETWORKS_MAX);
		if (*word)
			*vec_push(&config->allow) = network;
	}
	return NULL;
}

struct error *config_set(struct config *config, const char *key, const char *value)
{
	const struct setting *setting = setting_find(key);

	if (!setting)
		return error_new(ERROR_NOT_FOUND, "there is no setting \"%s\"; netdump.conf(5) lists them", key);
	void *member = (char *)config + setting->offset;

	switch (setting->kind) {
	case SETTING_TEXT:
		return parse_text(setting, value, member);
	case SETTING_FLAG:
		return parse_flag(setting, value, member);
	case SETTING_NETWORKS:
		return parse_networks(config, value);
	default:
		return parse_number(setting, value, member);
	}
}

/* ---- file ----------------------------------------------------------------------------------- */

static char *trimmed(char *text)
{
	char *end = text + strlen(text);

	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return text + strspn(text, " \t");
}

/* Takes the quotes off; false where they do not match or something stands behind them. */
static bool unquote(char **value)
{
	char quote = **value;

	if (quote != '"' && quote != '\'') {
		char *comment = strchr(*value, '#');

		if (comment)
			*comment = '\0';
		*value = trimmed(*value);
		return true;
	}
	char *end = strchr(++*value, quote);
	if (!end)
		return false;
	*end = '\0';
	end += 1 + strspn(end + 1, " \t;");
	return !*end || *end == '#';
}

static struct error *read_line(struct config *config, char *line)
{
	char *key = trimmed(line), *value = strchr(key, '=');

	if (!*key || *key == '#')
		return NULL;
	if (!value)
		return error_new(ERROR_SYNTAX, "\"%s\" is no KEY=VALUE", key);
	*value++ = '\0';
	value = trimmed(value);
	if (!unquote(&value))
		return error_new(ERROR_SYNTAX, "%s: the quotes do not match", key);
	return config_set(config, trimmed(key), value);
}

struct error *config_read(struct config *config, const char *path, bool must_exist)
{
	FILE *file = fopen(path, "re");
	char line[LINE_MAX_BYTES];
	struct error *error = NULL;
	unsigned number = 0;

	if (!file)
		return must_exist || errno != ENOENT ? error_errno("%s", path) : NULL;
	free(config->file);
	config->file = mem_strdup(path);
	while (!error && fgets(line, sizeof(line), file)) {
		number++;
		error = strlen(line) + 1 == sizeof(line) ? error_new(ERROR_SYNTAX, "the line is too long")
							  : read_line(config, line);
		if (error)
			error = error_prefix(error, "%s:%u", path, number);
	}
	if (!error && ferror(file))
		error = error_errno("%s", path);
	fclose(file);
	return error;
}

struct error *config_check(const struct config *config)
{
	if (!config->port && !config->freebsd_port && !config->netconsole_port)
		return error_new(ERROR_INVALID, "port, freebsd_port and netconsole_port are all 0: nothing to listen to");
	if (config->secure == CONFIG_SEALED && (!*config->key || !*config->peers))
		return error_new(ERROR_INVALID, "secure=2 needs key (make one with --keygen FILE) and peers");
	if (!*config->dumpdir)
		return error_new(ERROR_INVALID, "dumpdir is empty");
	return NULL;
}

/* ---- questions ------------------------------------------------------------------------------ */

const char *config_option_key(const char *name, bool *ret_flag)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		const char *option = settings[i].option ? settings[i].option : settings[i].key;
		size_t k = 0;

		while (option[k] && (option[k] == name[k] || (option[k] == '_' && name[k] == '-')))
			k++;
		if (option[k] || name[k])
			continue;
		*ret_flag = settings[i].kind == SETTING_FLAG;
		return settings[i].key;
	}
	return NULL;
}

static bool is_within(const struct config_network *network, const struct in6_addr *address)
{
	unsigned bytes = network->bits / 8, rest = network->bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	return !memcmp(network->address.s6_addr, address->s6_addr, bytes) &&
	       (!rest || !((network->address.s6_addr[bytes] ^ address->s6_addr[bytes]) & mask));
}

bool config_allows(const struct config *config, const struct in6_addr *address)
{
	for (size_t i = 0; i < config->allow.count; i++)
		if (is_within(&config->allow.items[i], address))
			return true;
	return !config->allow.count;
}
