// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/returning.h"

#include "base/vec.h"
#include "server/client.h"
#include "server/journal.h"
#include "server/reception.h"
#include "server/server.h"
#include "server/udp.h"
#include "session/redhat.h"
#include "store/store.h"

/* "" is any. */
static bool read_address(const char *text, struct in6_addr *ret)
{
	*ret = (struct in6_addr){0};
	return !*text || udp_parse(text, ret);
}

static bool read_peer(const struct meta *meta, struct udp_peer *ret)
{
	*ret = (struct udp_peer){.address = {.sin6_family = AF_INET6, .sin6_port = htons(meta->port)}};
	return *meta->client && meta->port && read_address(meta->client, &ret->address.sin6_addr) &&
	       read_address(meta->local, &ret->local);
}

/* One whose address says so. False where nobody goes on with the dump. */
static bool go_on(void *context, const struct meta *meta, const char *name, struct extents *have)
{
	struct server *server = context;
	struct udp *udp = server->udp[SERVER_NETDUMP];
	struct udp_peer peer;

	if (!udp || server->config->secure == CONFIG_SEALED || !read_peer(meta, &peer) ||
	    !config_allows(server->config, &peer.address.sin6_addr))
		return false;
	struct client *client = client_new(server, udp, &peer);
	struct redhat_options options;

	reception_redhat_options(server, client, &options);
	client->meta = *meta;
	client->dump = dump_reopen(server->store, name, &client->meta, have);
	client->session = client->dump ? redhat_resume(&client->host, &options, have, server->now) : NULL;
	if (!client->session) {
		client_free(client);
		return false;
	}
	journal_write(JOURNAL_NOTICE, client->name, "is asked whether it still waits for its dump to go on: %s",
		      dump_path(client->dump));
	*vec_push(&server->clients) = client;
	return true;
}

void returning_begin(struct server *server)
{
	size_t count = store_recover(server->store, go_on, server);

	if (count)
		journal_write(JOURNAL_WARNING, NULL, "%zu dumps were running when a server was killed: they go on if their clients "
			      "come back, or are closed as incomplete", count);
}
