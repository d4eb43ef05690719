"""Places of the made-up customers: real districts, common street names, house numbers by chance."""

from __future__ import annotations

from dataclasses import dataclass

from demodata.dice import Dice, words


@dataclass(frozen=True, slots=True)
class Place:
    """A Chinese district: GB/T 2260 code, province, city, telephone area, start of its postcode."""

    code: str
    province: str
    city: str
    district: str
    area: str
    postcode: str


_TABLE = """
110105 北京市 北京市 朝阳区 10 1000
110108 北京市 北京市 海淀区 10 1000
110102 北京市 北京市 西城区 10 1000
310115 上海市 上海市 浦东新区 21 2001
310104 上海市 上海市 徐汇区 21 2000
310106 上海市 上海市 静安区 21 2000
120101 天津市 天津市 和平区 22 3000
500103 重庆市 重庆市 渝中区 23 4000
440106 广东省 广州市 天河区 20 5106
440104 广东省 广州市 越秀区 20 5100
440305 广东省 深圳市 南山区 755 5180
440304 广东省 深圳市 福田区 755 5180
440306 广东省 深圳市 宝安区 755 5181
440604 广东省 佛山市 禅城区 757 5280
330106 浙江省 杭州市 西湖区 571 3100
330108 浙江省 杭州市 滨江区 571 3100
330212 浙江省 宁波市 鄞州区 574 3151
320106 江苏省 南京市 鼓楼区 25 2100
320508 江苏省 苏州市 姑苏区 512 2150
320211 江苏省 无锡市 滨湖区 510 2140
510107 四川省 成都市 武侯区 28 6100
510104 四川省 成都市 锦江区 28 6100
420106 湖北省 武汉市 武昌区 27 4300
610113 陕西省 西安市 雁塔区 29 7100
430104 湖南省 长沙市 岳麓区 731 4100
410105 河南省 郑州市 金水区 371 4500
370102 山东省 济南市 历下区 531 2500
370202 山东省 青岛市 市南区 532 2660
350203 福建省 厦门市 思明区 592 3610
350102 福建省 福州市 鼓楼区 591 3500
340104 安徽省 合肥市 蜀山区 551 2300
530102 云南省 昆明市 五华区 871 6500
210102 辽宁省 沈阳市 和平区 24 1100
210202 辽宁省 大连市 中山区 411 1160
230103 黑龙江省 哈尔滨市 南岗区 451 1500
130102 河北省 石家庄市 长安区 311 0500
450103 广西壮族自治区 南宁市 青秀区 771 5300
650102 新疆维吾尔自治区 乌鲁木齐市 天山区 991 8300
"""
PLACES = tuple(Place(*line.split()) for line in _TABLE.strip().splitlines())

_ROADS = words(
    "人民路|解放路|建设路|科技路|文化路|长江路|学院路|滨河大道|新华街|和平街|光明路|团结路|迎宾大道|友谊路|青年路"
)

#: Country / how an address is put together / its streets / its towns / its postcodes.
_ABROAD_TABLE = """
HK / {town}{street}{number}號{floor}樓 / 彌敦道|德輔道|軒尼詩道 / 香港九龍旺角|香港中環|香港灣仔 /
TW / {town}{street}{number}號{floor}樓 / 忠孝東路|台灣大道|光復路 / 台北市大安區|台中市西屯區 / 106|407
JP / {town}{street}{floor}-{number} / 芝公園|梅田|河原町 / 東京都港区|大阪府大阪市北区 / 105-0011|5300001
US / {number} {street} Street, {town} / Maple|Oak|Cedar|Elm / Springfield, IL|Portland, OR / 62704|97205
GB / {number} {street} Road, {town} / High|Church|Station|Mill / London|Leeds|Bristol / SW1A 1AA|ls1 4dy|BS14DJ
DE / {street} {number}, {town} / Gartenstraße|Bahnhofstr.|Am Markt / Berlin|München|Köln / 10115|80331|50667
SG / {number} {street} #{floor:02d}-01 / Orchard Road|Beach Road|Tampines Avenue 4 /  / 238801|189702|529681
BR / Rua {street}, {number}, {town} / das Flores|do Sol|da Praia / São Paulo - SP|Recife - PE / 01310-100|50030230
"""
_ABROAD = {line[:2]: [words(cell) for cell in line.split("/")[1:]] for line in _ABROAD_TABLE.strip().splitlines()}
_SHORT_PROVINCES = {"广西壮族自治区": "广西", "新疆维吾尔自治区": "新疆"}
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def chinese_address(place: Place, dice: Dice) -> str:
    """An address in `place`, in one of the ways people write one."""
    street = f"{dice.pick(_ROADS)}{dice.between(1, 399)}号"
    if dice.chance(60):
        street += f"{dice.between(1, 28)}栋{dice.between(1, 32)}0{dice.between(1, 6)}室"
    if dice.chance(8):
        street = street.translate(_FULL_WIDTH)
    province = "" if place.province == place.city else place.province
    short = _SHORT_PROVINCES.get(place.province, place.province[:-1]) if province else ""
    head = dice.pick(
        (
            f"{province}{place.city}{place.district}",
            f"{province}{place.city}{place.district}",
            f"{place.city}{place.district}",
            f"{short}{place.city.removesuffix('市')}{place.district}",
            f"{province} {place.city} {place.district} ".lstrip(),
            f"中国{province}{place.city}{place.district}",
        )
    )
    return head + street


def chinese_postcode(place: Place, dice: Dice) -> str:
    """A postcode that begins as those of `place` do."""
    return place.postcode + dice.digits(2)


def address_abroad(country: str, dice: Dice) -> tuple[str, str]:
    """An address outside mainland China as one text, and its postcode (empty where there is none)."""
    (form,), streets, towns, postcodes = _ABROAD[country]
    text = form.format(
        number=dice.between(1, 250), street=dice.pick(streets), town=dice.pick(towns), floor=dice.between(1, 40)
    )
    return text, dice.pick(postcodes)
