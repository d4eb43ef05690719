"""Names that belong to nobody: common surnames and given names, put together by chance."""

from __future__ import annotations

from dataclasses import dataclass

from demodata.dice import Dice, words
from demodata.places import Place


@dataclass(frozen=True, slots=True)
class Name:
    """How a person is called. `family` and `given` are empty where the file has one cell for both."""

    display: str
    family: str = ""
    given: str = ""
    latin: str = ""


_SURNAMES = words("""
王 Wang|李 Li|张 Zhang|刘 Liu|陈 Chen|杨 Yang|黄 Huang|赵 Zhao|吴 Wu|周 Zhou|徐 Xu|孙 Sun|马 Ma|朱 Zhu|胡 Hu|郭 Guo|
何 He|林 Lin|高 Gao|罗 Luo|郑 Zheng|梁 Liang|谢 Xie|宋 Song|唐 Tang|许 Xu|邓 Deng|韩 Han|冯 Feng|曹 Cao|彭 Peng|
曾 Zeng|肖 Xiao|田 Tian|董 Dong|潘 Pan|袁 Yuan|蔡 Cai|蒋 Jiang|余 Yu|于 Yu|杜 Du|叶 Ye|程 Cheng|魏 Wei|苏 Su|吕 Lü|
丁 Ding|沈 Shen|任 Ren|仇 Qiu|单 Shan|解 Xie|查 Zha|欧阳 Ouyang|司马 Sima|诸葛 Zhuge|上官 Shangguan
""")
_GIVEN = words("""
伟 wei|芳 fang|娜 na|敏 min|静 jing|丽 li|强 qiang|磊 lei|军 jun|洋 yang|勇 yong|艳 yan|杰 jie|涛 tao|明 ming|超 chao|
霞 xia|平 ping|刚 gang|桂英 guiying|秀兰 xiulan|子涵 zihan|欣怡 xinyi|浩然 haoran|宇轩 yuxuan|梓萱 zixuan|一诺 yinuo|
思远 siyuan|文博 wenbo|佳琪 jiaqi|雨桐 yutong|建国 jianguo|志强 zhiqiang|晓燕 xiaoyan|玉梅 yumei|海涛 haitao|
春梅 chunmei|嘉豪 jiahao|若曦 ruoxi|俊杰 junjie|诗涵 shihan|天佑 tianyou|雪 xue|鹏 peng|婷 ting|慧 hui|鑫 xin|宁 ning|
越 yue|琳 lin
""")
_MINORITY = words("阿依古丽·买买提|迪丽拜尔・艾力|扎西•多吉|巴图.孟克|木沙江·吐尔逊|央金‧拉姆")

#: Country -> given names, family names. Those of the first three stand without a space, family first.
_ABROAD: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "HK": (words("志明|家豪|詠詩|嘉欣|國強|慧儀"), words("陳|黃|鄭|鄧|葉|羅")),
    "TW": (words("美玲|淑芬|俊傑|雅婷|偉倫|麗華"), words("張|劉|蘇|蕭|許|謝")),
    "JP": (
        words("さくら|翔太|美咲|大輔|ひなた|健一|陽子|直樹|あかり|拓海"),
        words("佐藤|鈴木|高橋|田中|渡辺|伊藤|山本|中村|小林|加藤"),
    ),
    "US": (
        words("Olivia|Liam|Emma|Noah|Ava|Ethan|Grace|Mason|Chloe|Lucas"),
        words("Carter|Brooks|Reed|Hayes|Foster|Bennett|O'Neil|Sullivan|Ramirez|Whitfield"),
    ),
    "GB": (
        words("Harry|Amelia|Oliver|Isla|George|Freya|Alfie|Poppy|Arthur|Imogen"),
        words("Ashworth|Bramley|Thatcher-Hill|Fletcher|Hargreaves|O’Connor|Whitaker|Lockwood|Pemberton|Marsh"),
    ),
    "DE": (
        words("Jürgen|Anke|Lukas|Käthe|Björn|Sabine|Matthias|Heike|Jörg|Franziska"),
        words("Müller|Schäfer|Weiß|Großmann|Krüger|Böhm|Lange|Vogel|Köhler|Brandt"),
    ),
    "BR": (
        words("João|Ana|Conceição|Thiago|Letícia|Rafael|Júlia|Antônio|Beatriz|Caio"),
        words("Silva|Araújo|Magalhães|Gonçalves|Pereira dos Santos|Lima e Souza|Ribeiro|Moraes"),
    ),
    "SG": (
        words("Wei Jie|Hui Min|Aisyah|Arjun|Kok Leong|Mei Ling|Priya|Farid|Jun Hao|Siew Eng"),
        words("Tan|Lim|Ng|Goh|Ong|binte Rahman|Nair|Koh|Chua|Toh"),
    ),
}

_TRADES = words("科技|贸易|电子|食品|服饰|物流|传媒|医疗器械|家居|餐饮管理|教育咨询|文化传播|机械|新材料|环保")
_SHORT_NAMES = words("鼎盛|恒通|瑞丰|华晨|嘉禾|星云|远景|汇达|安泰|万象|智联|博雅|天和|锦程|优选|青禾|海纳|明德")
_LEGAL_FORMS = words("有限公司|有限公司|股份有限公司|有限责任公司")
_FIRMS_ABROAD: dict[str, tuple[tuple[str, ...], str]] = {
    "HK": (words("宏信|維港|東方之珠|利達"), "貿易有限公司"),
    "TW": (words("永豐|台南|晶華|大同心"), "實業股份有限公司"),
    "JP": (words("桜井|若葉|青空|みなと"), "商事株式会社"),
    "US": (words("Bluebird|Northgate|Sagebrush|Lakeshore"), " Supply, Inc."),
    "GB": (words("Ravensworth|Tidewater|Oakhurst|Millbrook"), " Trading Ltd"),
    "DE": (words("Nordlicht|Rheinblick|Eichenhof|Weißdorn"), " Logistik GmbH"),
    "SG": (words("Merlin|Banyan|Straits|Orchid"), " Holdings Pte. Ltd."),
    "BR": (words("Ipê|Jacarandá|Araucária|Pinheiral"), " Comércio Ltda."),
}


def chinese_name(dice: Dice) -> Name:
    """A person in mainland China: in characters, in pinyin, with a title, with an inner dot."""
    if dice.chance(2):
        return Name(dice.pick(_MINORITY))
    (family, family_latin), (given, given_latin) = dice.pick(_SURNAMES).split(), dice.pick(_GIVEN).split()
    latin = f"{family_latin} {given_latin.title()}"
    roll = dice.below(100)
    if roll < 66:
        return Name(family + given, latin=latin)
    if roll < 76:
        return Name("", family, given, latin)
    if roll < 84:
        return Name(latin, latin=latin)
    if roll < 88:
        return Name(latin.upper(), latin=latin)
    if roll < 93:
        return Name(family + dice.pick(("先生", "女士", "总", "经理", "老师")), latin=latin)
    if roll < 97:
        return Name(f" {family}　{given} ", latin=latin)
    return Name(f"{family}{given}({given_latin.title()})", latin=latin)


def name_abroad(country: str, dice: Dice) -> Name:
    """A person outside mainland China."""
    givens, families = _ABROAD[country]
    given, family = dice.pick(givens), dice.pick(families)
    if country in ("HK", "TW", "JP"):
        return Name("", family, given) if country == "JP" else Name(family + given)
    return Name("", family, given) if dice.chance(60) else Name(f"{given} {family}")


def chinese_firm(place: Place, dice: Dice) -> tuple[str, str]:
    """A firm in `place`: what people call it, and its registered name."""
    short = dice.pick(_SHORT_NAMES) + dice.pick(_TRADES)
    return short, f"{place.city}{short}{dice.pick(_LEGAL_FORMS)}"


def firm_abroad(country: str, dice: Dice) -> tuple[str, str]:
    """A firm outside mainland China: what people call it, and its registered name."""
    names, form = _FIRMS_ABROAD[country]
    short = dice.pick(names)
    return short, short + form
