-- Three lines worth looking at: one column of text each, one line a mart.
(
    SELECT format(
        'Most revenue: %s, $%s from %s cars; all makes together $%s',
        make, to_char(revenue, 'FM999,999,999,999'), purchases, to_char(sum(revenue) OVER (), 'FM999,999,999,999')
    ) AS line
    FROM (
        SELECT make, sum(revenue) AS revenue, sum(purchases) AS purchases
        FROM gold.revenue_by_make_month
        GROUP BY make
    ) AS makes
    ORDER BY revenue DESC, make
    LIMIT 1
)
UNION ALL
(
    SELECT format(
        'From cart to purchase: %s takes longest, half of the buyers more than %s days; %s %% of all carts are left',
        make, round(median_hours / 24.0), left_percent
    )
    FROM (
        SELECT make, median_hours, purchases, round(100 * sum(never_bought) OVER () / sum(carts) OVER (), 1) AS left_percent
        FROM gold.cart_to_purchase
    ) AS makes
    WHERE purchases >= 10
    ORDER BY median_hours DESC, make
    LIMIT 1
)
UNION ALL
(
    SELECT format(
        'Most returned: %s, %s %% of %s cars, worth $%s', make, returned_percent, purchases,
        to_char(returned_value, 'FM999,999,999,999')
    )
    FROM gold.returns_by_make
    WHERE purchases >= 10
    ORDER BY returned_percent DESC, make
    LIMIT 1
);
