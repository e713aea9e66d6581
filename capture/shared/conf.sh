# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# capture.conf: lines "key=value"; "#" begins a comment, at the start of a line or after a blank. What each key means says the
# example beside this folder.

conf_defaults() {
	conf_targets=
	conf_accept=
	conf_dump_level=31
	conf_compression=zstd
	conf_time_limit=1800
	conf_keep=0
	conf_max_total=0
	conf_min_free=5%
	conf_final_action=reboot
	conf_reports_for=owner
	for key in $conf_files $conf_words; do eval "conf_$key="; done
}

# Keys whose value is the absolute path of a file; keys whose value is any words.
conf_files='kernel pre_script post_script known_signatures ssh_key ssh_known_hosts netdump_server_key netdump_key notify_command'
conf_words='extra_modules append notify_mail'

# trim TEXT: without blanks around it.
trim() { printf %s "$1" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//'; }

# target_is_known TARGET: "KIND WHERE", as in the example. What is given to programs as a device, a user or a host is one word,
# and none of their options. Tabs part the fields of what is known of targets.
target_is_known() {
	case $1 in *[[:cntrl:]]*) return 1 ;; esac
	place=${1#* }
	place=${place%%:/*}
	case $1 in
	"local /"*) return ;;
	"device "*:/* | "nfs "*:/*) ;;
	"ssh "*:/*) case $place in ?*@?*) ;; *) return 1 ;; esac ;;
	"netdump "*) case $1 in */*) return 1 ;; esac ;;
	*) return 1 ;;
	esac
	case $place in '' | -* | *@-* | *[[:space:]]*) return 1 ;; esac
}

# is_word_of WORD WORDS: one of them, and only one.
is_word_of() {
	case $1 in '' | *[[:space:]]*) return 1 ;; esac
	case " $2 " in *" $1 "*) ;; *) return 1 ;; esac
}

# is_point TEXT: it may be the name of a point of `check`.
is_point() { case $1 in '' | *[!a-z0-9-]*) return 1 ;; esac; }

# conf_set KEY VALUE: status 1 where the value is none of that key's, 2 where there is no such key.
conf_set() {
	case $1 in
	target)
		target_is_known "$2" && conf_targets="$conf_targets$2
"
		;;
	dump_level) is_number "$2" 31 && conf_dump_level=$2 ;;
	compression) is_word_of "$2" "zlib lzo snappy zstd none" && conf_compression=$2 ;;
	time_limit) conf_time_limit=$(seconds_of "$2") && [ "$conf_time_limit" -gt 0 ] ;;
	keep) is_number "$2" && conf_keep=$2 ;;
	max_total) conf_max_total=$(bytes_of "$2") ;;
	min_free) { is_number "${2%"%"}" 99 || bytes_of "$2" > /dev/null; } && conf_min_free=$2 ;;
	accept) is_point "$2" && conf_accept="$conf_accept$2 " ;;
	final_action) is_word_of "$2" "reboot poweroff halt shell" && conf_final_action=$2 ;;
	reports_for)
		# shellcheck disable=SC2034 # for kmortem-reports
		is_word_of "$2" "owner all" && conf_reports_for=$2
		;;
	*) conf_set_text "$1" "$2" ;;
	esac
}

# conf_set_text KEY VALUE: of conf_files and conf_words; as conf_set.
conf_set_text() {
	if is_word_of "$1" "$conf_files"; then
		case $2 in *[[:cntrl:]]*) return 1 ;; /*) ;; *) return 1 ;; esac
	elif ! is_word_of "$1" "$conf_words"; then
		return 2
	fi
	eval "conf_$1=\$2"
}

# conf_wants KEY: what its value has to be.
conf_wants() {
	case $1 in
	target) echo "local DIRECTORY, device DEVICE:DIRECTORY, nfs HOST:DIRECTORY, ssh USER@HOST:DIRECTORY or netdump HOST; a DIRECTORY begins with /" ;;
	dump_level) echo "a number from 0 to 31" ;;
	compression) echo "zlib, lzo, snappy, zstd or none" ;;
	time_limit) echo "more than 0 seconds, or with min or h" ;;
	keep) echo "a number, 0 for all" ;;
	max_total) echo "bytes, or with K, M, G or T; 0 for no limit" ;;
	min_free) echo "bytes, or with K, M, G or T, or from 0% to 99%" ;;
	accept) echo "the name of one point" ;;
	final_action) echo "reboot, poweroff, halt or shell" ;;
	reports_for) echo "owner or all" ;;
	*) echo "the path of a file, from / on" ;;
	esac
}

# conf_once FILE KEY: tells of a key that has had a value already, but of those whose values add up; the last one counts.
conf_once() {
	! is_word_of "$2" "$conf_given" || say "$1:$conf_line: $2 is given again: this one counts, and the one before it does not"
	case $2 in target | accept) ;; *) conf_given="$conf_given $2" ;; esac
}

# conf_read FILE: sets conf_*; every mistake is told, and status 1 then.
conf_read() {
	conf_defaults
	if [ -d "$1" ] || [ ! -r "$1" ]; then
		say "$1: cannot be read"
		return 1
	fi
	conf_line=0 conf_mistakes=0 conf_given='' # in line 0 is what no line has
	while IFS= read -r line || [ "$line" ]; do
		conf_line=$((conf_line + 1))
		line=$(trim "${line%%[[:space:]]#*}")
		case $line in
		'' | '#'*) continue ;;
		*=*) ;;
		*) conf_mistake "$1" "want key=value" && continue ;;
		esac
		key=$(trim "${line%%=*}") value=$(trim "${line#*=}") status=0
		conf_set "$key" "$value" || status=$?
		case $status in
		0) conf_once "$1" "$key" ;;
		1) conf_mistake "$1" "$key=$value: no value of that key" "$(conf_wants "$key")" ;;
		*) conf_mistake "$1" "$key: no such key" ;;
		esac
	done < "$1"
	conf_line=0
	[ "$conf_targets" ] || conf_mistake "$1" "no target: say where dumps go, as target=local /var/crash"
	[ "$conf_mistakes" -eq 0 ]
}

# conf_local_targets: their directories, one a line.
conf_local_targets() { printf %s "$conf_targets" | sed -n 's/^local //p'; }

# conf_mistake FILE WHAT [WANTED]: on one line, of which a file that is something else has very long ones.
conf_mistake() {
	[ "$conf_line" -eq 0 ] || set -- "$1:$conf_line" "$2" "${3-}"
	say "$1: $(printf %.300s "$2")${3:+; want $3}"
	conf_mistakes=$((conf_mistakes + 1))
}
