# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Steps, each within a limit of time, be it stuck in the kernel. A step is a process of its own, so what outlives it is a file
# below $work: `failures`, a line each, `seconds`, lines "STEP SECONDS", and `deadline`, in seconds of /proc/uptime.
work=${WORK:-$ROOT/run/kmortem}

# ---- time --------------------------------------------------------------------------------------

# uptime_seconds: whole ones, into $uptime; the clock of a capture kernel may jump.
uptime_seconds() { IFS='. ' read -r uptime _ < "$ROOT/proc/uptime"; }

# time_left: seconds until the deadline, and $time_grace more where that is set, or until $time_end where that is set and comes
# before, into $left; never below 0.
time_left() {
	uptime_seconds
	read -r left < "$work/deadline"
	left=$((left + ${time_grace:-0}))
	[ "$left" -le "${time_end:-$left}" ] || left=$time_end
	left=$((left > uptime ? left - uptime : 0))
}

# deadline_set SECONDS: from now on.
deadline_set() {
	uptime_seconds
	echo $((uptime + $1)) > "$work/deadline"
}

# least A B
least() { echo $(($1 < $2 ? $1 : $2)); }

# ---- processes ---------------------------------------------------------------------------------

# process_read PID: its state and its parent into $state and $parent. /proc/PID/stat waits for no lock of the process.
process_read() {
	{ read -r state < "/proc/$1/stat"; } 2> /dev/null || return
	state=${state##*) }
	parent=${state#* }
	parent=${parent%% *} state=${state%% *}
}

# process_runs PID: a child of ours that is over is a zombie until it is waited for.
process_runs() { process_read "$1" && [ "$state" != Z ] && [ "$state" != X ]; }

# process_kill PID: it and all below it; it is stopped first, or it would start others meanwhile.
process_kill() {
	kill -STOP "$1" 2> /dev/null
	for entry in /proc/[0-9]*; do
		if process_read "${entry#/proc/}" && [ "$parent" = "$1" ]; then (process_kill "${entry#/proc/}"); fi
	done
	kill -KILL "$1" 2> /dev/null
}

# stands_still: looked at every ten seconds. Of a large memory, makedumpfile may say nothing for a minute.
stands_still() {
	[ "${within_sign-}" ] && [ $((within_polls % 20)) -eq 19 ] && [ "$(find "$within_sign" -mmin +2)" ]
}

# within SECONDS COMMAND…: its status, or 124 when it took longer. It is killed then, and not waited for: what waits for a
# dead disk cannot be killed. A status of 137 is that of something killed by others, such as the kernel short of memory.
# Where $within_sign names a file to which the command writes as long as it gets on, 125 when it does not get on.
within() {
	uptime_seconds
	within_end=$((uptime + $1)) within_polls=0
	shift
	{
		# What is in short supply is rather taken from a step than from those who watch over it.
		echo 500 > /proc/self/oom_score_adj
		"$@"
	} 2>&3 3>&- &
	within_pid=$!
	while process_runs "$within_pid"; do
		uptime_seconds
		within_status=0
		if [ "$uptime" -ge "$within_end" ]; then within_status=124; elif stands_still; then within_status=125; fi
		if [ "$within_status" -ne 0 ]; then
			process_kill "$within_pid"
			return "$within_status"
		fi
		within_polls=$((within_polls + 1))
		# What is over soon, such as loading a driver, is not made to wait.
		if [ "$within_polls" -lt 20 ]; then sleep 0.01; elif [ "$within_polls" -lt 50 ]; then sleep 0.1; else sleep 0.5; fi
	done
	wait "$within_pid"
} 3>&2 2> /dev/null

# ---- steps -------------------------------------------------------------------------------------

# failed WORD…: goes to the console, and into meta.json.
failed() {
	say "$*"
	printf '%s\n' "$*" >> "$work/failures"
}

# step NAME SECONDS COMMAND…: within these and what is left of all; how long it took goes into meta.json.
step() {
	time_left
	step_name=$1 step_limit=$(least "$2" "$left") step_began=$uptime step_status=0
	shift 2
	within "$step_limit" "$@" || step_status=$?
	uptime_seconds
	echo "$step_name $((uptime - step_began))" >> "$work/seconds"
	return $step_status
}

# status_words STATUS SECONDS: what became of a step that failed.
status_words() {
	case $1 in
	74) echo "was not taken to its end" ;;
	124) echo "took longer than $2 s" ;;
	125) echo "stood still" ;;
	127) echo "is not in this image" ;;
	137) echo "was killed, by want of memory perhaps" ;;
	153) echo "took all the room that there is" ;;
	*) echo "failed with status $1" ;;
	esac
}
