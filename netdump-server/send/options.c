// SPDX-License-Identifier: GPL-2.0-or-later
#include "send/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "wire/netdump6.h"

const char options_usage[] =
	"usage: netdump-send [OPTION]... SERVER < /proc/vmcore\n"
	"       netdump-send [OPTION]... -f FILE SERVER\n"
	"       makedumpfile -F ... /proc/vmcore | netdump-send [OPTION]... SERVER\n"
	"       netdump-send [OPTION]... --check SERVER\n"
	"\n"
	"Sends a dump to a netdump-server at SERVER, an address in numbers (IPv4 or IPv6; names are not looked up).\n"
	"A server that knows nothing but the original netdump is served as a crashed Red Hat kernel would.\n"
	"  -f, --file=FILE        send this file instead of standard input\n"
	"  -p, --port=N           UDP port of the server (6666)\n"
	"      --source-port=N    our own UDP port (any; 6666 with --classic, as a crashed kernel has it)\n"
	"      --check            send nothing: ask whether the server would take a dump\n"
	"      --classic          the original netdump from the beginning; of /proc/vmcore, or an ELF file\n"
	"      --magic=HEX        what the original netdump calls a secret: 16 hexadecimal digits\n"
	"      --server-key=FILE  public key of the server: encrypt, and send nothing before it has proved itself\n"
	"      --key=FILE         with it: our own secret key, whose public one the server knows, or\n"
	"      --psk=FILE         a key that both know\n"
	"      --timeout=SECONDS  give up when nothing is heard for so long (60)\n"
	"      --rate=SIZE        at most so many bytes per second (like 40M)\n"
	"      --mtu=BYTES        no packets larger than that (what the path takes)\n"
	"      --memory=SIZE      kept for sending again (16M)\n"
	"      --log=FILE         the kernel's log (from makedumpfile), which goes into the dump's: before the dump\n"
	"      --label=TEXT       shown by the server\n"
	"  -q, --quiet            no line when all went well\n"
	"  -v, --verbose          say what is going on\n"
	"  -h, --help, --version\n"
	"Exit status: 0 the dump is complete and on the server's disk, 1 it is incomplete there, 2 could not run,\n"
	"3 the server was not reached, refused, or is busy.\n";

enum {
	MTU_MIN = ND6_DATAGRAM_MIN + 80, /* with the headers of IPv6 and UDP, and a few to spare */
	MTU_MAX = 65535,
	TIMEOUT = 60,
	TIMEOUT_MAX = 30 * 86400,
	MEMORY = 16 << 20,
	MEMORY_MIN = 1 << 20,
	MEMORY_MAX = 1 << 30,
};

static const uint64_t second = 1000000000;

enum { OPTION_CLASSIC = 256, OPTION_CHECK, OPTION_MAGIC, OPTION_SERVER_KEY, OPTION_KEY, OPTION_PSK, OPTION_TIMEOUT, OPTION_RATE,
       OPTION_MTU, OPTION_MEMORY, OPTION_LABEL, OPTION_LOG, OPTION_SOURCE_PORT, OPTION_VERSION };

static const struct option names[] = {
	{"file", required_argument, NULL, 'f'},
	{"port", required_argument, NULL, 'p'},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"classic", no_argument, NULL, OPTION_CLASSIC},
	{"magic", required_argument, NULL, OPTION_MAGIC},
	{"server-key", required_argument, NULL, OPTION_SERVER_KEY},
	{"key", required_argument, NULL, OPTION_KEY},
	{"psk", required_argument, NULL, OPTION_PSK},
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"rate", required_argument, NULL, OPTION_RATE},
	{"mtu", required_argument, NULL, OPTION_MTU},
	{"memory", required_argument, NULL, OPTION_MEMORY},
	{"label", required_argument, NULL, OPTION_LABEL},
	{"log", required_argument, NULL, OPTION_LOG},
	{"source-port", required_argument, NULL, OPTION_SOURCE_PORT},
	{"quiet", no_argument, NULL, 'q'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, OPTION_VERSION},
	{0},
};

/* Files with keys, read when all options are known. */
struct key_files {
	const char *server, *own, *psk;
};

static const char *name_of(int option)
{
	for (const struct option *at = names; at->name; at++)
		if (at->val == option)
			return at->name;
	return "";
}

/* A number between `least` and `most`, with K, M or G behind it where `is_size`. */
static struct error *parse_number(int option, const char *text, bool is_size, uint64_t least, uint64_t most,
				  uint64_t *ret)
{
	static const char letters[] = "KMG";
	char *end;

	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	const char *letter = is_size && *end ? strchr(letters, toupper((unsigned char)*end)) : NULL;
	int shift = letter ? (int)(10 * (letter - letters + 1)) : 0;

	if (!isdigit((unsigned char)*text) || errno || *(letter ? end + 1 : end) || number > most >> shift ||
	    number << shift < least)
		return error_new(ERROR_INVALID, "--%s: \"%s\" is no %s between %llu and %llu", name_of(option), text,
				 is_size ? "size" : "number", (unsigned long long)least, (unsigned long long)most);
	*ret = number << shift;
	return NULL;
}

static struct error *parse_magic(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 16);
	if (!isxdigit((unsigned char)*text) || *end || errno)
		return error_new(ERROR_INVALID, "--magic: \"%s\" is no number of up to 16 hexadecimal digits", text);
	return NULL;
}

static struct error *take_number(struct options *options, int option, const char *text)
{
	uint64_t number = 0;
	struct error *error;

	switch (option) {
	case 'p':
		error = parse_number(option, text, false, 1, UINT16_MAX, &number);
		options->port = (uint16_t)number;
		return error;
	case OPTION_SOURCE_PORT:
		error = parse_number(option, text, false, 1, UINT16_MAX, &number);
		options->source_port = (uint16_t)number;
		return error;
	case OPTION_TIMEOUT:
		error = parse_number(option, text, false, 1, TIMEOUT_MAX, &number);
		options->timeout = number * second;
		return error;
	case OPTION_RATE:
		return parse_number(option, text, true, 1024, UINT64_C(1) << 40, &options->rate);
	case OPTION_MTU:
		error = parse_number(option, text, false, MTU_MIN, MTU_MAX, &number);
		options->mtu = (uint32_t)number;
		return error;
	default:
		error = parse_number(option, text, true, MEMORY_MIN, MEMORY_MAX, &number);
		options->memory = (uint32_t)number;
		return error;
	}
}

static struct error *take(struct options *options, struct key_files *keys, int option, const char *value)
{
	switch (option) {
	case 'f':
		options->file = value;
		return NULL;
	case OPTION_CHECK:
		options->is_check = true;
		options->file = "/dev/null";
		return NULL;
	case OPTION_CLASSIC:
		options->is_classic = true;
		return NULL;
	case OPTION_MAGIC:
		return parse_magic(value, &options->magic);
	case OPTION_SERVER_KEY:
		keys->server = value;
		return NULL;
	case OPTION_KEY:
		keys->own = value;
		return NULL;
	case OPTION_PSK:
		keys->psk = value;
		return NULL;
	case OPTION_LABEL:
		options->label = value;
		return NULL;
	case OPTION_LOG:
		options->log = value;
		return NULL;
	case 'q':
		options->is_quiet = true;
		return NULL;
	case 'v':
		options->is_verbose = true;
		return NULL;
	case 'h':
		options->action = OPTIONS_HELP;
		return NULL;
	case OPTION_VERSION:
		options->action = OPTIONS_VERSION;
		return NULL;
	default:
		return take_number(options, option, value);
	}
}

static struct error *read_keys(struct options *options, const struct key_files *keys)
{
	struct seal_client *seal = &options->seal;

	if (!keys->server && !keys->own && !keys->psk)
		return NULL;
	if (!keys->server || !keys->own == !keys->psk)
		return error_new(ERROR_INVALID, "--server-key needs either --key or --psk, and these need it");
	if (options->is_classic)
		return error_new(ERROR_INVALID, "--classic cannot encrypt: leave it out, or the keys");
	options->is_sealed = true;
	seal->has_pair = keys->own;
	seal->has_psk = keys->psk;
	struct error *error = seal_public_read(keys->server, seal->server);

	if (error)
		return error;
	return keys->own ? seal_pair_read(keys->own, &seal->pair) : seal_psk_read(keys->psk, &seal->psk);
}

/* What getopt_long() would not take. */
static struct error *complain(int option, char **arguments)
{
	const char *word = arguments[optind - 1];

	if (option == ':')
		return error_new(ERROR_INVALID, "%s: a value is missing; see netdump-send --help", word);
	if (optopt && optopt < OPTION_CLASSIC)
		return error_new(ERROR_INVALID, "-%c: no such option; see netdump-send --help", optopt);
	return error_new(ERROR_INVALID, "%s: no such option; see netdump-send --help", word);
}

struct error *options_read(int count, char **arguments, struct options *ret)
{
	struct key_files keys = {0};
	int option;

	*ret = (struct options){.port = OPTIONS_PORT, .timeout = TIMEOUT * second, .memory = MEMORY};
	opterr = 0;
	while ((option = getopt_long(count, arguments, ":f:p:qvh", names, NULL)) != -1) {
		struct error *error = option == '?' || option == ':' ? complain(option, arguments)
								      : take(ret, &keys, option, optarg);

		if (error)
			return error;
	}
	if (ret->action != OPTIONS_SEND)
		return NULL;
	if (optind + 1 != count)
		return error_new(ERROR_INVALID, "%s; see netdump-send --help",
				 optind == count ? "the address of a server is missing" : "one server is enough");
	if (ret->is_check && ret->is_classic)
		return error_new(ERROR_INVALID, "--check: the original netdump cannot be asked: leave --classic out");
	ret->server = arguments[optind];
	return read_keys(ret, &keys);
}
