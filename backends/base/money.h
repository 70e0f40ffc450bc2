#ifndef BASE_MONEY_H
#define BASE_MONEY_H

#include <stddef.h>

/*
 * Amounts for people. Decimal text stays decimal: nothing is computed, only cut and grouped.
 *   "1840.25", "USD" -> "$1 840"      "30.5", "EUR" -> "30.50 EUR"     "450", "" -> "450"
 * Cents only below 100. Text that is no decimal is given back with its currency.
 */
void money_format(char *dst, size_t size, const char *amount, const char *currency);

/* 1840 -> "1 840" */
void count_format(char *dst, size_t size, long long n);

#endif
