// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/repeats.h"

#include "session/session.h"

/* Time stands for packets: each takes its part of a second, of which so much may have been saved up. */
static const uint64_t each = SESSION_SECOND / REPEATS_PER_SECOND;

bool repeats_take(struct repeats *repeats, uint64_t now)
{
	uint64_t saved = REPEATS_AT_ONCE * each, earliest = now > saved ? now - saved : 0;

	repeats->since = repeats->since > earliest ? repeats->since : earliest;
	if (now - repeats->since < each)
		return false;
	repeats->since += each;
	return true;
}
