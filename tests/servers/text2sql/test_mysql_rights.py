import pytest

from tao_servers.text2sql.engines.mysql.grants import findings, granted_roles, remedy

# As the manuals of both servers show them.
_READING = [
    "GRANT USAGE ON *.* TO `reader`@`%` IDENTIFIED BY PASSWORD '*462366917EEDD1970A48E87D8EF59EB67D2CA26F'",
    "GRANT SELECT, SHOW VIEW ON `shop`.* TO `reader`@`%`",
    "GRANT SELECT (`id`, `a, INSERT ON x`), REFERENCES ON `shop`.`t` TO `reader`@`%`",
    "GRANT PROCESS, REPLICATION CLIENT, SHOW DATABASES ON *.* TO 'reader'@'%' REQUIRE SSL",
    "GRANT SHOW_ROUTINE ON *.* TO `reader`@`%`",
    "GRANT `r1`@`%`,`r2`@`%` TO `reader`@`%`",
    "SET DEFAULT ROLE `r1` FOR `reader`@`%`",
    "REVOKE INSERT ON `mysql`.* FROM `reader`@`%`",
]


def test_rights_to_read_are_no_finding() -> None:
    assert findings(_READING) == []


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("GRANT ALL PRIVILEGES ON *.* TO `a`@`%` WITH GRANT OPTION", "ALL PRIVILEGES, GRANT OPTION on *.*"),
        ("GRANT SELECT, INSERT, UPDATE (`x`) ON `s`.`t` TO `a`@`%`", "INSERT, UPDATE (`x`) on `s`.`t`"),
        ("GRANT SELECT ON `s`.* TO `a`@`%` WITH GRANT OPTION", "GRANT OPTION on `s`.*"),
        ("GRANT EXECUTE ON FUNCTION `s`.`f` TO `a`@`%`", "EXECUTE on FUNCTION `s`.`f`"),
        ("GRANT FILE ON *.* TO 'a'@'%'", "FILE on *.*"),
        ("GRANT CREATE TEMPORARY TABLES, LOCK TABLES ON `s`.* TO `a`@`%`", "CREATE TEMPORARY TABLES, LOCK"),
        ("GRANT SYSTEM_VARIABLES_ADMIN,SHOW_ROUTINE ON *.* TO `a`@`%`", "SYSTEM_VARIABLES_ADMIN on *.*"),
        ("GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION", "PROXY, GRANT OPTION on ''@'%'"),
        ("GRANT DELETE ON `other`.* TO PUBLIC", "DELETE on `other`.* (as everybody has)"),
        ("GRANT DELETE ON `a`` TO ``b`.* TO `a`@`%`", "DELETE on `a`` TO ``b`.*"),
        ("GARBAGE", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_right_to_do_more_is_found(line: str, seen: str) -> None:
    (finding,) = findings([line])
    assert seen in str(finding)


def test_the_remedy_is_sql_to_paste_and_names_at_most_five() -> None:
    found = findings([f"GRANT INSERT ON `shop`.`t{number}` TO `a`@`%`" for number in range(9)])
    text = remedy("my_shop`s", found)
    assert "`t4`" in text
    assert "`t5`" not in text
    assert "and 4 more" in text
    assert "GRANT SELECT, SHOW VIEW ON `my\\_shop``s`.* TO 'tao_reader'@'%';" in text


def test_what_everybody_may_is_taken_back_from_everybody() -> None:
    text = remedy("shop", findings(["GRANT SELECT, DELETE ON `other`.* TO PUBLIC"]))
    assert "REVOKE DELETE ON `other`.* FROM PUBLIC;" in text


def test_the_hash_of_the_password_is_never_told() -> None:
    line = "GRANT INSERT ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*462366917EEDD1970A48E87D8EF59EB67D2CA26F'"
    assert "46236" not in remedy("shop", findings([line]))


def test_roles_are_named_as_the_server_writes_them() -> None:
    lines = [
        *_READING,
        "GRANT `读者, ON x`@`%` TO `reader`@`%` WITH ADMIN OPTION",
        "GRANT `r3` TO `reader`@`%`",
    ]
    assert granted_roles(lines) == ["`r1`@`%`", "`r2`@`%`", "`读者, ON x`@`%`", "`r3`"]
