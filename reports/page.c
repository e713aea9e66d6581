// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/page.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "reports/style.h"
#include "reports/utf8.h"

void page_put_escaped(struct buf *buf, const char *text)
{
	for (; *text; text++) {
		const char *entity = *text == '<'    ? "&lt;"
				     : *text == '>'  ? "&gt;"
				     : *text == '&'  ? "&amp;"
				     : *text == '"'  ? "&quot;"
				     : *text == '\'' ? "&#39;"
						     : NULL;

		if (entity)
			buf_puts(buf, entity);
		else
			buf_putc(buf, *text);
	}
}

void page_put_text(struct buf *buf, const char *text)
{
	struct buf shown _cleanup_(buf_deinit) = {0};

	utf8_put_shown(&shown, text);
	page_put_escaped(buf, buf_text(&shown));
}

void page_put_head(struct buf *buf, const char *title, const char *more_css)
{
	buf_puts(buf, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
		      "<meta name=\"referrer\" content=\"no-referrer\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	page_put_text(buf, title);
	buf_puts(buf, "</title>\n<style>\n");
	buf_puts(buf, report_css);
	buf_puts(buf, more_css);
	buf_puts(buf, "</style>\n</head>\n");
}
