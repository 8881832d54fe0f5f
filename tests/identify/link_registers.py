"""Person registers that no rule of the library was written for: generated, corrupted, with the truth."""

from __future__ import annotations

import datetime as dt
import random

import pandas as pd

_GIVEN = [
    "james",
    "mary",
    "robert",
    "patricia",
    "john",
    "jennifer",
    "michael",
    "linda",
    "david",
    "elizabeth",
    "william",
    "barbara",
    "richard",
    "susan",
    "joseph",
    "jessica",
    "thomas",
    "sarah",
    "charles",
    "karen",
    "christopher",
    "lisa",
    "daniel",
    "nancy",
    "matthew",
    "betty",
    "anthony",
    "sandra",
    "mark",
    "margaret",
    "donald",
    "ashley",
    "steven",
    "kimberly",
    "andrew",
    "emily",
    "paul",
    "donna",
    "joshua",
    "michelle",
    "kenneth",
    "carol",
    "kevin",
    "amanda",
    "brian",
    "dorothy",
    "george",
    "melissa",
    "timothy",
    "deborah",
    "ronald",
    "stephanie",
    "edward",
    "rebecca",
    "jason",
    "laura",
    "jeffrey",
    "helen",
    "ryan",
    "sharon",
    "jacob",
    "cynthia",
    "gary",
    "kathleen",
    "nicholas",
    "amy",
    "eric",
    "angela",
    "jonathan",
    "shirley",
    "stephen",
    "anna",
    "larry",
    "brenda",
    "justin",
    "pamela",
    "scott",
    "emma",
    "brandon",
    "nicole",
    "benjamin",
    "samantha",
    "samuel",
    "katherine",
    "gregory",
    "christine",
    "frank",
    "debra",
    "alexander",
    "rachel",
    "oscar",
]
_PETS = {
    "robert": "bob", "william": "bill", "elizabeth": "liz", "michael": "mike", "james": "jim", "richard": "rick",
    "katherine": "kate", "jennifer": "jen", "thomas": "tom", "margaret": "maggie", "edward": "ted", "daniel": "dan",
}  # fmt: skip
_HEAD, _MID, _TAIL = (
    [
        "ash",
        "bar",
        "cal",
        "dun",
        "el",
        "far",
        "gar",
        "hol",
        "in",
        "ker",
        "lan",
        "mar",
        "nor",
        "ost",
        "pen",
        "quin",
        "ros",
        "stan",
        "thor",
        "wal",
    ],
    ["a", "e", "i", "o", "u", "ber", "der", "ling", "ming", "ster", "ver", "wen"],
    ["bury", "by", "dale", "ford", "ham", "ley", "man", "ner", "son", "ston", "ton", "well", "wood", "worth"],
)
_STREETS = [
    "oak",
    "elm",
    "maple",
    "cedar",
    "pine",
    "lake",
    "hill",
    "church",
    "park",
    "mill",
    "river",
    "station",
    "school",
    "high",
    "green",
    "king",
    "queen",
]
_KINDS = (("Street", "St"), ("Road", "Rd"), ("Avenue", "Ave"), ("Lane", "Ln"), ("Drive", "Dr"))
_SUR = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余单仇解查任尹卢姚崔"
_CHARS = {
    "wei": "伟维薇炜", "jing": "静晶菁", "ming": "明铭鸣", "li": "丽莉力立", "hua": "华骅", "yan": "燕艳岩妍", "jun": "军俊君",
    "xin": "欣新心鑫", "hui": "慧辉惠", "bo": "波博", "ying": "英颖莹", "feng": "峰锋凤", "jie": "杰洁捷", "ting": "婷霆",
    "yu": "宇玉雨瑜", "hong": "红宏鸿", "chen": "晨辰", "lei": "磊蕾雷", "na": "娜", "tao": "涛桃", "zhi": "志芝智",
}  # fmt: skip
_DAY0 = dt.date(1940, 1, 1)


class World:
    """One world of invented persons and its dice."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.sounds = {c: chars for chars in _CHARS.values() for c in chars}

    def hit(self, share: float) -> bool:
        return self.r.random() < share

    def birth(self) -> dt.date:
        return _DAY0 + dt.timedelta(days=self.r.randrange(24_000))

    def person(self) -> dict[str, object]:
        """Return one true English-speaking person."""
        r = self.r
        given, surname = r.choice(_GIVEN), r.choice(_HEAD) + r.choice(_MID) + r.choice(_TAIL)
        kind = r.randrange(len(_KINDS))
        return {
            "given": given, "middle": r.choice(_GIVEN), "surname": surname, "birth": self.birth(),
            "sex": r.choice("mf"), "email": f"{given}.{surname}{r.randrange(1000)}@example.{r.choice(['com', 'org'])}",
            "phone": f"0{r.randrange(2, 9)}{r.randrange(10**8):08d}", "house": r.randrange(1, 400),
            "street": r.choice(_STREETS), "kind": kind, "town": r.choice(_HEAD).title() + "ville",
            "post": f"{r.randrange(2000, 2400)}",
        }  # fmt: skip

    def chinese(self) -> dict[str, object]:
        r = self.r
        name = "".join(r.choice(r.choice(list(_CHARS.values()))) for _ in range(1 if self.hit(0.25) else 2))
        return {
            "surname": r.choice(_SUR), "given": name, "birth": self.birth(), "sex": r.choice("男女"),
            "phone": f"1{r.choice('3589')}{r.randrange(10**9):09d}", "house": r.randrange(1, 600),
            "room": r.randrange(101, 3000), "street": r.choice("旭春和文长解人中青学花") + r.choice(["日路", "阳街", "明大道"]),
        }  # fmt: skip

    def typo(self, text: str) -> str:
        """Change, drop, double or swap one letter, as FEBRL's generator does."""
        if len(text) < 3:
            return text
        k = self.r.randrange(len(text) - 1)
        kind = self.r.randrange(4)
        letter = self.r.choice("abcdefghijklmnopqrstuvwxyz")
        if kind == 0:
            return text[:k] + letter + text[k + 1 :]
        if kind == 1:
            return text[:k] + text[k + 1 :]
        if kind == 2:
            return text[:k] + letter + text[k:]
        return text[:k] + text[k + 1] + text[k] + text[k + 2 :]

    def slip(self, day: dt.date) -> dt.date:
        """Return a birthday with one part wrong."""
        kind = self.r.randrange(3)
        if kind == 0 and day.day <= 12:
            return day.replace(month=day.day, day=day.month)
        if kind == 1:
            return day.replace(year=day.year + self.r.choice([-1, 1, 10]), day=min(day.day, 28))
        return day.replace(day=self.r.randrange(1, 29))

    def alike(self, given: str) -> str:
        """Return a given name with another character of the same sound."""
        chars = self.sounds.get(given[-1], given[-1])
        return given[:-1] + self.r.choice(chars)


def spread(world: World, n: int, registers: tuple[str, ...], make: object, write: object) -> tuple:
    """Put persons into registers and write each record; return records and truth."""
    rows, truth = [], []
    for k in range(n):
        person = make()  # type: ignore[operator]
        for register in registers:
            if world.hit(0.6):
                rows.append({"channel": register, **write(person, register)})  # type: ignore[operator]
                truth.append(f"p{k}")
    order = list(range(len(rows)))
    world.r.shuffle(order)
    records = pd.DataFrame([rows[k] for k in order])
    records.insert(0, "record_id", [f"r{k:06d}" for k in range(len(rows))])
    return records, pd.DataFrame({"record_id": records["record_id"], "person_id": [truth[k] for k in order]})


def english(n: int, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two registers with name, birth, e-mail with gaps, telephone and address, FEBRL-like slips."""
    w = World(seed)

    def write(p: dict, register: str) -> dict:
        given, surname = str(p["given"]), str(p["surname"])
        given = _PETS.get(given, given) if w.hit(0.1) else w.typo(given) if w.hit(0.08) else given
        surname = w.typo(surname) if w.hit(0.08) else surname
        name = f"{surname.upper()}, {given.title()}" if register == "web" else f"{given} {surname}".title()
        day = w.slip(p["birth"]) if w.hit(0.05) else p["birth"]
        kind = _KINDS[p["kind"]][register == "web"]
        return {
            "name": name if not w.hit(0.05) else f"{given[0].upper()}. {surname.title()}",
            "birth_date": None
            if w.hit(0.05)
            else day.strftime("%d %B %Y")
            if register == "web"
            else str(day),
            "email": None if w.hit(0.4) else p["email"].upper() if w.hit(0.2) else p["email"],
            "phone": None if w.hit(0.3) else f"+{w.r.randrange(10**9)}" if w.hit(0.2) else p["phone"],
            "address": f"{p['house']} {w.typo(p['street']) if w.hit(0.1) else p['street']} {kind}",
            "city": p["town"],
        }

    return spread(w, n, ("shop", "web"), w.person, write)


def febrl(n: int, seed: int = 2) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One register with duplicates in FEBRL's own columns: no telephone, no mail, swapped names."""
    w = World(seed)

    def write(p: dict, register: str) -> dict:
        names = [str(p["given"]), str(p["surname"])]
        names = [w.typo(t) if w.hit(0.1) else t for t in names]
        if w.hit(0.05):
            names.reverse()
        day = w.slip(p["birth"]) if w.hit(0.06) else p["birth"]
        return {
            "given_name": names[0], "surname": None if w.hit(0.02) else names[1], "street_number": p["house"],
            "address_1": (w.typo(p["street"]) if w.hit(0.1) else p["street"]) + " " + _KINDS[p["kind"]][0].lower(),
            "suburb": w.typo(p["town"].lower()) if w.hit(0.1) else p["town"].lower(),
            "postcode": p["post"] if not w.hit(0.05) else f"{w.r.randrange(2000, 2400)}",
            "date_of_birth": None if w.hit(0.05) else day.strftime("%Y%m%d"),
        }  # fmt: skip

    records, truth = spread(w, n, ("a", "b"), w.person, write)
    records = records.drop(columns="channel").rename(columns={"date_of_birth": "birth_date"})
    return records, truth


def voters(n: int, seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two rolls of voters as NCVR: names in three columns, year of birth alone, house, town and postcode; moves."""
    w = World(seed)

    def write(p: dict, register: str) -> dict:
        moved = w.person() if w.hit(0.08) else p
        married = w.person() if w.hit(0.04) else p
        return {
            "first_name": w.typo(p["given"]) if w.hit(0.04) else p["given"],
            "middle_name": p["middle"] if w.hit(0.5) else str(p["middle"])[0] if w.hit(0.7) else None,
            "last_name": w.typo(married["surname"]) if w.hit(0.04) else married["surname"],
            "gender": p["sex"].upper(), "birth_date": p["birth"].year, "phone": p["phone"] if w.hit(0.4) else None,
            "address": f"{moved['house']} {moved['street']} {_KINDS[moved['kind']][1]}", "city": moved["town"],
            "zip": moved["post"],
        }  # fmt: skip

    return spread(w, n, ("2020", "2024"), w.person, write)


def plain_chinese(n: int, seed: int = 4) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Three registers with name and birthday alone."""
    w = World(seed)

    def write(p: dict, register: str) -> dict:
        given = w.alike(p["given"]) if w.hit(0.06) else p["given"]
        day = w.slip(p["birth"]) if w.hit(0.02) else p["birth"]
        return {"name": p["surname"] + given, "birth_date": f"{day.year}年{day.month}月{day.day}日"}

    return spread(w, n, ("门店", "网店", "电话"), w.chinese, write)


def members(n: int, seed: int = 5) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two Chinese registers with full-width digits, titles, pet names and a default telephone number."""
    w = World(seed)
    wide = str.maketrans("0123456789", "０１２３４５６７８９")

    def write(p: dict, register: str) -> dict:
        name = p["surname"] + p["given"]
        if w.hit(0.05):
            name = p["surname"] + ("先生" if p["sex"] == "男" else "女士")
        elif w.hit(0.05):
            name = "小" + p["given"][-1]
        elif w.hit(0.05):
            name = p["surname"] + w.alike(p["given"])
        phone = "00000000000" if w.hit(0.05) else "13800000001" if w.hit(0.06) else p["phone"]
        phone = f"1{w.r.randrange(10**10):010d}" if w.hit(0.1) else phone
        short = f"{p['street']}{p['house']}-{p['room']}"
        return {
            "name": name, "gender": p["sex"], "phone": phone.translate(wide) if w.hit(0.2) else phone,
            "birth_date": None if w.hit(0.2) else str(p["birth"]).replace("-", "/"),
            "city": "深圳市", "address": short if w.hit(0.3) else f"广东省深圳市南山区{p['street']}{p['house']}号{p['room']}室",
        }  # fmt: skip

    return spread(w, n, ("门店", "网店"), w.chinese, write)


def mails(n: int, seed: int = 6) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two registers with name, e-mail with gaps and telephone; a firm's own mail and number stand everywhere."""
    w = World(seed)

    def write(p: dict, register: str) -> dict:
        name = f"{p['given']} {p['surname']}".title()
        mail = "info@example.com" if w.hit(0.1) else None if w.hit(0.2) else p["email"]
        return {
            "name": w.typo(name) if w.hit(0.05) else name,
            "email": mail,
            "phone": p["phone"] if w.hit(0.7) else None,
        }

    return spread(w, n, ("crm", "shop"), w.person, write)


def marked(n: int, seed: int = 7) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two registers of European names: diacritics, order of name, O', van der, Jr., birthday with the day first."""
    w = World(seed)
    marks = str.maketrans({"a": "á", "o": "ö", "u": "ü", "e": "é", "n": "ñ"})

    def make() -> dict:
        p = w.person()
        p["surname"] = w.r.choice(["", "", "", "O'", "van der ", "de "]) + str(p["surname"])
        return p

    def write(p: dict, register: str) -> dict:
        given, surname = str(p["given"]).title(), str(p["surname"]).title()
        if w.hit(0.3):
            given, surname = given.translate(marks), surname.translate(marks)
        name = (
            f"{surname}, {given}"
            if register == "b"
            else f"{given} {surname}" + (" Jr." if w.hit(0.1) else "")
        )
        day = p["birth"].strftime("%d/%m/%Y") if register == "a" else p["birth"].strftime("%d.%m.%y")
        if p["birth"].year < 1940 or p["birth"].year > 2005:
            day = p["birth"].strftime("%d/%m/%Y")
        return {
            "name": name,
            "birth_date": day,
            "city": p["town"],
            "email": p["email"] if w.hit(0.3) else None,
        }

    return spread(w, n, ("a", "b"), make, write)


ALL = {f.__name__: f for f in (english, febrl, voters, plain_chinese, members, mails, marked)}
