// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_elfsym.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "types/symbol_table.h"

enum {
	SECTION_LIMIT = 1 << 30, /* bytes of one section */
	BUILD_ID_LIMIT = 64,	 /* bytes; 20 with SHA-1, which all kernels use */
};

struct elf_file {
	int fd;
	Elf *elf;
};

static void elf_file_deinit(struct elf_file *file)
{
	elf_end(file->elf);
	cleanup_close(&file->fd);
}

/* The file is read, not mapped: a file that shrinks meanwhile is an error, no SIGBUS. */
static struct error *elf_file_init(const char *path, struct elf_file *ret)
{
	struct elf_file file _cleanup_(elf_file_deinit) = {.fd = open(path, O_RDONLY | O_CLOEXEC)};
	struct stat status;

	elf_version(EV_CURRENT);
	if (file.fd < 0 || fstat(file.fd, &status) < 0)
		return error_errno("%s", path);
	if (!S_ISREG(status.st_mode))
		return error_new(ERROR_INVALID, "%s: not a regular file", path);
	file.elf = elf_begin(file.fd, ELF_C_READ, NULL);
	if (!file.elf || elf_kind(file.elf) != ELF_K_ELF)
		return error_new(ERROR_INVALID, "%s: not an ELF file", path);
	*ret = file;
	// NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores): what is left of it is cleaned up
	file = (struct elf_file){.fd = -1};
	return NULL;
}

static Elf_Scn *section_find(Elf *elf, const char *name, GElf_Shdr *ret)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, ret))
			continue;
		const char *text = elf_strptr(elf, names, ret->sh_name);

		if (text && !strcmp(text, name))
			return section;
	}
	return NULL;
}

struct error *elf_section_read(const char *path, const char *name, void **ret, size_t *ret_size)
{
	struct elf_file file _cleanup_(elf_file_deinit) = {.fd = -1};
	struct error *error = elf_file_init(path, &file);
	GElf_Shdr header;
	GElf_Chdr compressed;

	if (error)
		return error;
	Elf_Scn *section = section_find(file.elf, name, &header);

	if (!section || header.sh_type == SHT_NOBITS)
		return error_new(ERROR_NOT_FOUND, "%s: no section %s", path, name);
	bool is_compressed = header.sh_flags & SHF_COMPRESSED;

	if (is_compressed && !gelf_getchdr(section, &compressed))
		return error_new(ERROR_INVALID, "%s: section %s is damaged", path, name);
	if (header.sh_size > SECTION_LIMIT || (is_compressed && compressed.ch_size > SECTION_LIMIT))
		return error_new(ERROR_LIMIT, "%s: section %s is larger than 1 GB", path, name);
	if (is_compressed && elf_compress(section, 0, 0) < 0)
		return error_new(ERROR_INVALID, "%s: section %s: %s", path, name, elf_errmsg(-1));
	Elf_Data *data = elf_rawdata(section, NULL);

	if (!data || (data->d_size && !data->d_buf))
		return error_new(ERROR_INVALID, "%s: section %s: %s", path, name, elf_errmsg(-1));
	*ret = mem_zero(data->d_size + 1);
	if (data->d_size)
		memcpy(*ret, data->d_buf, data->d_size);
	*ret_size = data->d_size;
	return NULL;
}

bool elf_has_section(const char *path, const char *name)
{
	struct elf_file file _cleanup_(elf_file_deinit) = {.fd = -1};
	struct error *error _cleanup_(error_cleanup) = elf_file_init(path, &file);
	GElf_Shdr header;

	return !error && section_find(file.elf, name, &header) && header.sh_type != SHT_NOBITS &&
	       header.sh_size;
}

bool elf_file_class(const char *path, bool *ret_big_endian, uint8_t *ret_pointer_size)
{
	struct elf_file file _cleanup_(elf_file_deinit) = {.fd = -1};
	struct error *error _cleanup_(error_cleanup) = elf_file_init(path, &file);
	GElf_Ehdr header;

	if (error || !gelf_getehdr(file.elf, &header))
		return false;
	*ret_big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
	*ret_pointer_size = header.e_ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;
	return true;
}

static char *hex_text(const unsigned char *bytes, size_t count)
{
	char *text = mem_zero(count * 2 + 1);

	for (size_t i = 0; i < count; i++) {
		text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	return text;
}

/* Offset of the build-id's bytes in a section of notes. */
static bool notes_build_id(Elf_Data *data, size_t *ret_offset, size_t *ret_length)
{
	size_t offset = 0, next, name, words;
	GElf_Nhdr note;

	while ((next = gelf_getnote(data, offset, &note, &name, &words)) > offset) {
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
		    !memcmp((char *)data->d_buf + name, "GNU", sizeof("GNU")) && note.n_descsz &&
		    note.n_descsz <= BUILD_ID_LIMIT) {
			*ret_offset = words;
			*ret_length = note.n_descsz;
			return true;
		}
		offset = next;
	}
	return false;
}

static struct error *build_id_find(const char *path, char **ret, uint64_t *ret_address)
{
	struct elf_file file _cleanup_(elf_file_deinit) = {.fd = -1};
	struct error *error = elf_file_init(path, &file);
	Elf_Scn *section = NULL;
	size_t offset, length;
	GElf_Shdr header;

	if (error)
		return error;
	while ((section = elf_nextscn(file.elf, section))) {
		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_NOTE ||
		    header.sh_size > SECTION_LIMIT)
			continue;
		Elf_Data *data = elf_getdata(section, NULL);

		if (!data || !data->d_buf || !notes_build_id(data, &offset, &length))
			continue;
		*ret = hex_text((const unsigned char *)data->d_buf + offset, length);
		*ret_address = header.sh_addr + offset;
		return NULL;
	}
	return error_new(ERROR_NOT_FOUND, "%s: no build-id", path);
}

struct error *elf_build_id(const char *path, char **ret)
{
	uint64_t address;

	return build_id_find(path, ret, &address);
}

struct error *elf_build_id_address(const char *path, uint64_t *ret)
{
	char *id _cleanup_free_ = NULL;

	return build_id_find(path, &id, ret);
}

/* The file's .symtab with its strings. */
struct elf_symbols {
	Elf_Data *symbols, *strings;
	size_t count;
};

static struct error *elf_symbols_init(const char *path, Elf *elf, struct elf_symbols *ret)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			break;
	}
	if (!section)
		return error_new(ERROR_NO_SOURCE, "%s: no symbol table (stripped)", path);
	struct elf_symbols table = {.symbols = elf_getdata(section, NULL)};
	Elf_Scn *strings = elf_getscn(elf, header.sh_link);

	table.strings = strings ? elf_rawdata(strings, NULL) : NULL;
	size_t size = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);

	if (!table.symbols || !table.symbols->d_buf || !table.strings || !table.strings->d_buf ||
	    !table.strings->d_size || !size)
		return error_new(ERROR_INVALID, "%s: the symbol table is damaged", path);
	table.count = table.symbols->d_size / size;
	*ret = table;
	return NULL;
}

/* Name of a symbol that stands for something in memory, or NULL. */
static const char *elf_symbols_get(const struct elf_symbols *table, size_t index, GElf_Sym *ret)
{
	if (!gelf_getsym(table->symbols, (int)index, ret) || ret->st_name >= table->strings->d_size)
		return NULL;
	const char *name = (const char *)table->strings->d_buf + ret->st_name;
	int type = GELF_ST_TYPE(ret->st_info);

	if (ret->st_shndx == SHN_UNDEF || type == STT_SECTION || type == STT_FILE || !*name ||
	    !memchr(name, '\0', table->strings->d_size - ret->st_name))
		return NULL;
	/* Labels of the assembler ("$x" of arm64, ".L12") are not in kallsyms either. */
	return *name == '$' || !strncmp(name, ".L", 2) ? NULL : name;
}

struct error *elf_symbol_value(const char *path, const char *name, uint64_t *ret)
{
	struct elf_file file _cleanup_(elf_file_deinit) = {.fd = -1};
	struct elf_symbols table = {0};
	struct error *error = elf_file_init(path, &file);

	if (!error)
		error = elf_symbols_init(path, file.elf, &table);
	if (error)
		return error;
	for (size_t i = 0; i < table.count; i++) {
		GElf_Sym symbol;
		const char *text = elf_symbols_get(&table, i, &symbol);

		if (text && !strcmp(text, name))
			return *ret = symbol.st_value, NULL;
	}
	return error_new(ERROR_NOT_FOUND, "%s: no symbol %s", path, name);
}

/* One symbol on its way into the table. */
struct entry {
	uint64_t address;
	const char *name;
	char kind;
	uint8_t rank; /* of several at one address the lowest is the answer */
};

static char symbol_kind(const GElf_Sym *symbol, const GElf_Shdr *section)
{
	int type = GELF_ST_TYPE(symbol->st_info);
	char kind = section->sh_flags & SHF_WRITE ? 'd' : 'r';

	if (GELF_ST_BIND(symbol->st_info) == STB_WEAK)
		return type == STT_OBJECT ? 'V' : 'W';
	if (section->sh_flags & SHF_EXECINSTR)
		kind = 't';
	else if (section->sh_type == SHT_NOBITS)
		kind = 'b';
	return GELF_ST_BIND(symbol->st_info) == STB_LOCAL ? kind : (char)toupper(kind);
}

/* Which of several symbols at one address is the better answer. An end mark (_etext), which stands
 * where its section ends, is none for what lies behind it. */
static uint8_t symbol_rank(const GElf_Sym *symbol, const GElf_Shdr *section, char kind)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	if (symbol->st_value - section->sh_addr >= section->sh_size)
		return 4;
	return (uint8_t)((type != STT_FUNC && type != STT_OBJECT) +
			 2 * !isupper((unsigned char)kind));
}

/* What the sections span that become memory. */
static void range_extend(struct symbol_range *range, uint64_t start, uint64_t size)
{
	if (start < range->start)
		range->start = start;
	if (start + size > range->end)
		range->end = start + size;
}

static struct entry entry_make(Elf *elf, const GElf_Sym *symbol, const char *name, uint64_t shift,
			       struct symbol_range *range)
{
	struct entry entry = {symbol->st_value, name, 'A', 0};
	Elf_Scn *scn = symbol->st_shndx < SHN_LORESERVE ? elf_getscn(elf, symbol->st_shndx) : NULL;
	GElf_Shdr section;

	/* Until kernel 6.15 (9d7de2aa8b41 "x86/percpu/64: Use relative percpu offsets") the per-CPU
	 * section of x86-64 is linked at address 0, and its symbols are offsets that KASLR leaves
	 * alone. Elsewhere they are addresses in the image, which __per_cpu_offset takes to each
	 * CPU's copy. */
	if (!scn || !gelf_getshdr(scn, &section) || !(section.sh_flags & SHF_ALLOC) ||
	    !section.sh_addr)
		return entry;
	entry.kind = symbol_kind(symbol, &section);
	entry.rank = symbol_rank(symbol, &section, entry.kind);
	entry.address += shift;
	range_extend(range, section.sh_addr + shift, section.sh_size);
	return entry;
}

static int entry_compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void table_fill(struct symbol_table *table, const struct entry *entries, size_t count)
{
	struct symbol_text text = {0};

	table->addresses = mem_resize(NULL, count + 1, sizeof(*table->addresses));
	table->names = mem_resize(NULL, count + 1, sizeof(*table->names));
	for (size_t i = 0; i < count; i++)
		symbol_table_add(table, &text, entries[i].kind, entries[i].name,
				 entries[i].address);
}

struct error *src_elfsym_open(const char *path, uint64_t shift, struct symbol_provider **ret)
{
	struct elf_file file _cleanup_(elf_file_deinit) = {.fd = -1};
	struct symbol_range range = {UINT64_MAX, 0};
	struct elf_symbols symbols = {0};
	struct error *error = elf_file_init(path, &file);
	size_t count = 0;

	if (!error)
		error = elf_symbols_init(path, file.elf, &symbols);
	if (error)
		return error;
	struct entry *entries _cleanup_free_ =
		mem_resize(NULL, symbols.count + 1, sizeof(*entries));
	char *description _cleanup_free_ = mem_printf("ELF symbols (%s)", path);
	struct symbol_table *table = symbol_table_new(description, NULL);

	for (size_t i = 0; i < symbols.count && count < SYMBOL_TABLE_MAX; i++) {
		GElf_Sym symbol;
		const char *name = elf_symbols_get(&symbols, i, &symbol);

		if (name)
			entries[count++] = entry_make(file.elf, &symbol, name, shift, &range);
	}
	qsort(entries, count, sizeof(*entries), entry_compare);
	table_fill(table, entries, count);
	table->ranges[0] = range;
	table->range_count = range.start < range.end;
	symbol_table_finish(table);
	*ret = &table->provider;
	return NULL;
}
